import { type ChunkHit, compareHits, type Database, hitColumns, packHits, type RawBuilder, sql, unpackHits } from '@weft/database'
import { z } from 'zod'
import { vectorBytes } from '../embed/postgres-vector-value.ts'
import type { Place } from './postgres-place.ts'
import type { VectorQuery } from './vector-query.ts'

/** Up to so many vectors are compared one by one, which misses none and is quicker than walking the index past the vectors of other stores and files. */
const exactMax = 2_000

const Few = z.object({ id: z.string().nullable(), dimensions: z.int().nullable(), few: z.boolean(), hits: z.unknown() })

/** `hits` are undefined where there are too many vectors to compare one by one. `active`: the model that searches go by, read in the same statement. */
export type FewCompared = { hits: ChunkHit[] | undefined; active: { id: string; dimensions: number } | undefined }

/**
 * Compares the vectors one by one if there are at most 2,000 and they are of the active model; it counts no further than that. With a filter only the chunks of
 * files that pass it are looked at, since chunks have the attributes of their file; except while a file is indexed anew.
 */
export async function compareFew({ db }: Pick<Database, 'db'>, query: VectorQuery, place: Place): Promise<FewCompared> {
  const { model, filter } = query
  const { passing, vectors } = filter === undefined ? ofStores(query) : ofFiles(query, filter)
  const { rows } = await sql`
    with ${passing}, counted as materialized (select count(*) <= ${exactMax} as few from passing)
    select m.id, m.dimensions, counted.few, case when counted.few and m.id = ${model.id} and m.dimensions = ${model.dimensions} then (
      ${packHits(closest(query, place, vectors))}
    ) end as hits
    from counted left join embedding_models m on m.is_active
  `.execute(db)
  const { id, dimensions, few, hits } = Few.parse(rows[0])
  return {
    hits: few ? unpackHits(hits).toSorted(compareHits) : undefined,
    active: id === null || dimensions === null ? undefined : { id, dimensions },
  }
}

/** Compares every vector of the stores, however many there are. */
export async function compareAll({ db }: Pick<Database, 'db'>, query: VectorQuery, place: Place): Promise<ChunkHit[]> {
  const { rows } = await packHits(closest(query, place, vectorsOf(query))).execute(db)
  return unpackHits(rows[0]?.hits).toSorted(compareHits)
}

type Compared = { passing: RawBuilder<unknown>; vectors: RawBuilder<unknown> }

function ofStores(query: VectorQuery): Compared {
  const vectors = vectorsOf(query)
  return { passing: sql`passing as materialized (select 1 from ${vectors} limit ${exactMax + 1})`, vectors }
}

/** `offset 0` has the planner look up each file and each chunk in an index, even where it expects a scan to be quicker. */
function ofFiles({ tenant, vectorStoreIds, model }: VectorQuery, filter: NonNullable<VectorQuery['filter']>): Compared {
  return {
    passing: sql`
      file as materialized (
        select f.vector_store_id, f.file_id from vector_store_files f
        where f.tenant = ${tenant} and f.vector_store_id = any(${vectorStoreIds}) and (f.status <> 'completed' or ${filter(sql`f.attributes`)})
      ), passing as materialized (
        select c.id from file cross join lateral (
          select c.id from chunks c where c.vector_store_id = file.vector_store_id and c.file_id = file.file_id and ${filter(sql`c.attributes`)} offset 0
        ) c limit ${exactMax + 1}
      )`,
    vectors: sql`passing p cross join lateral (
      select chunk_id, embedding from chunk_embeddings where model = ${sql.lit(model.id)} and chunk_id = p.id and tenant = ${tenant} offset 0
    ) e`,
  }
}

/** The model stands in the statement as a literal: the index is a partial one for that model, which the planner uses only if it sees the same name. */
export function vectorsOf({ tenant, vectorStoreIds, model, filter }: VectorQuery): RawBuilder<unknown> {
  const chunks = filter === undefined ? sql`` : sql`join chunks c on c.id = e.chunk_id`
  const passes = filter === undefined ? sql`` : sql`and ${filter(sql`c.attributes`)}`
  return sql`chunk_embeddings e ${chunks}
    where e.model = ${sql.lit(model.id)} and e.tenant = ${tenant} and e.vector_store_id = any(${vectorStoreIds}) ${passes}`
}

/** In the embedded database vectors are converted from half precision first: comparing takes two thirds of the time then, because it converts each number by itself. */
function closest({ vector, limit }: VectorQuery, { isEmbedded }: Place, vectors: RawBuilder<unknown>): RawBuilder<unknown> {
  const bytes = sql`${vectorBytes(vector)}::vector`
  const distance = isEmbedded ? sql`e.embedding::vector <#> ${bytes}` : sql`e.embedding <#> ${bytes}::halfvec`
  return sql`
    select c.*, -e.distance as score from (
      select e.chunk_id, min(${distance}) as distance from ${vectors} group by e.chunk_id order by distance, e.chunk_id limit ${limit}
    ) e cross join lateral (select ${hitColumns} from chunks where id = e.chunk_id offset 0) c`
}
