import { createHash } from 'node:crypto'
import type { EmbeddingModel } from '@weft/contracts'
import { type Database, isEmbedded, isTimeout, sql } from '@weft/database'
import { z } from 'zod'
import { dimensionsOf } from './postgres-vector-value.ts'

type SizedModel = Pick<EmbeddingModel, 'id' | 'dimensions'>
const indexTypes = ['halfvec', 'vector'] as const
type IndexType = (typeof indexTypes)[number]
type Index = SizedModel & { type: IndexType }

/** The most dimensions that an index of type `vector` takes (pgvector's README). */
const vectorDimensionsMax = 2_000

/**
 * The type as which vectors are indexed. The embedded database is slow with half-precision numbers: adding 480 vectors of 384 dimensions to an index of `vector` took
 * a fifth of the processor time.
 */
export function indexedType(database: { isEmbedded: boolean }, dimensions: number): IndexType {
  return database.isEmbedded && dimensions <= vectorDimensionsMax ? 'vector' : 'halfvec'
}

/**
 * The number of vectors from which an index is faster than comparing a question with each of them. In the embedded database it is the number that are compared one
 * by one anyway (`searchVectors`); there, a vector takes 0.6 ms while the index is built, and 2.9 ms when it is added later (1,417 vectors of 384 dimensions).
 */
const indexedFrom = { embedded: 2_000, elsewhere: 5_000 } as const

const Due = z.object({ isEmbedded: z.boolean() })

/**
 * Builds the index of a model's vectors, if it is missing and there are enough of them. The embedded database, which serves nobody meanwhile, builds it as soon as
 * there are enough: that takes it a second or two, and with a whole collection it would take a minute. Other databases build it once `isBulkOver`, because many
 * vectors are added faster without an index. When several workers find it missing, one of them builds it and the others go on. A timeout is no failure: the database
 * completes the statement although its client no longer waits.
 */
export async function buildVectorIndex(
  { db }: Pick<Database, 'db'>,
  model: SizedModel,
  { isBulkOver }: { isBulkOver: boolean },
): Promise<void> {
  const types = { embedded: indexedType({ isEmbedded: true }, model.dimensions), elsewhere: 'halfvec' } as const
  const isDue = (place: keyof typeof types) => sql`to_regclass(${indexName(model.id, types[place])}) is null and
    (select count(*) from (select 1 from chunk_embeddings where model = ${model.id} limit ${indexedFrom[place]}) as counted) = ${indexedFrom[place]}`
  const { rows } = await sql`
    select place."isEmbedded" from (select ${isEmbedded} as "isEmbedded") as place
    where case when place."isEmbedded" then ${isDue('embedded')} else ${isBulkOver}::boolean and ${isDue('elsewhere')} end
  `.execute(db)
  if (rows.length === 0) return
  await renameIndexes(db, model.id)
  const building = Due.parse(rows[0]).isEmbedded
    ? buildEmbedded(db, { ...model, type: types.embedded })
    : buildAlone(db, { ...model, type: types.elsewhere })
  await building.catch((cause: unknown) => {
    if (!isTimeout(cause)) throw cause
  })
}

/** Builds the index in the embedded database, and drops one of the other type, which an earlier version may have made. */
async function buildEmbedded(db: Database['db'], index: Index): Promise<void> {
  await vectorIndex(index).execute(db)
  if (index.type === 'vector') await sql`drop index if exists ${sql.raw(indexName(index.id, 'halfvec'))}`.execute(db)
}

async function buildAlone(db: Database['db'], index: Index): Promise<void> {
  const create = vectorIndex(index).compile(db).sql
  const lock = `pg_try_advisory_xact_lock(hashtextextended('${indexName(index.id, index.type)}', 0))`
  await sql`do ${sql.lit(`begin if ${lock} then ${create}; end if; end`)}`.execute(db)
}

/** An earlier version cut the names of indexes, so that several models could share one. This gives the index that belongs to the model its present name. */
async function renameIndexes(db: Database['db'], model: string): Promise<void> {
  for (const type of indexTypes) {
    const [cut, own] = [nameOf(plainNameOf(model).slice(0, modelLettersMax), type), indexName(model, type)]
    const { rows } = await sql`
      select 1 from pg_index where indexrelid = to_regclass(${cut}) and to_regclass(${own}) is null
        and position(quote_literal(${model}::text) in pg_get_expr(indpred, indrelid)) > 0
    `.execute(db)
    if (rows.length > 0) await sql`alter index if exists ${sql.raw(cut)} rename to ${sql.raw(own)}`.execute(db)
  }
}

export async function dropVectorIndex({ db }: Pick<Database, 'db'>, model: string): Promise<void> {
  await renameIndexes(db, model)
  for (const type of indexTypes) await sql`drop index if exists ${sql.raw(indexName(model, type))}`.execute(db)
}

/**
 * How many neighbours the index keeps for a vector: pgvector's default of 16, but 12 in the embedded database, where adding a vector then took 1.6 ms instead of 3.1.
 * Of the ten nearest among 3,000 abstracts of SciFact, 99.8 % were found instead of 99.9 % (of fifty, 99.1 and 99.3 %; ef_search 100).
 */
const neighbours = { vector: 12, halfvec: 16 } as const

/** Creates the index. ef_construction = 64 is pgvector's default. Vectors have length one, so their inner product orders them as the cosine does. */
function vectorIndex({ id, dimensions, type }: Index) {
  const indexed = sql.raw(`${type}(${dimensionsOf(dimensions)})`)
  return sql`
    create index if not exists ${sql.raw(indexName(id, type))} on chunk_embeddings
    using hnsw ((embedding::${indexed}) ${sql.raw(`${type}_ip_ops`)})
    with (m = ${sql.lit(neighbours[type])}, ef_construction = 64) where model = ${sql.lit(id)}
  `
}

/**
 * The name of an index. PostgreSQL cuts names after 63 bytes (NAMEDATALEN), so the name for an id that is too long, or could equal that of another, ends in a
 * hash.
 */
function indexName(model: string, type: IndexType): string {
  const name = plainNameOf(model)
  const isPlain = name.length <= modelLettersMax && /^[a-z]+\/[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*$/.test(model)
  const hash = createHash('sha256').update(model).digest('hex').slice(0, hashLetters)
  const own = isPlain ? name : `${name.slice(0, modelLettersMax - hashLetters - 1)}_${hash}`
  return nameOf(own, type)
}

const plainNameOf = (model: string) => model.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')
const nameOf = (own: string, type: IndexType) => `chunk_embeddings_of_${own}${type === 'vector' ? '_f32' : ''}`

const modelLettersMax = 39
const hashLetters = 10
