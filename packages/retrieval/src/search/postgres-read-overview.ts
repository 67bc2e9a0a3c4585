import type { Passage } from '@weft/contracts'
import { type Database, type RawBuilder, sql } from '@weft/database'
import { z } from 'zod'

type Asked = { tenant: string; vectorStoreIds: string[] }
type Db = Pick<Database, 'db'>

/** The first passage of each document, ordered by the documents' names, of at most `documentsMax`; `documents` counts all. No store means all of the tenant. */
export async function readOpenings({ db }: Db, { tenant, vectorStoreIds, documentsMax }: Asked & { documentsMax: number }) {
  const isMeant = isIndexed({ tenant, vectorStoreIds })
  const { rows } = await sql`
    with named as materialized (
      select files.id, files.filename from files
      where files.tenant = ${tenant} and exists (select from vector_store_files f where f.file_id = files.id and ${isMeant})
      order by files.filename, files.id limit ${documentsMax}
    )
    select (select count(*)::int from (select from vector_store_files f where ${isMeant} group by f.file_id) counted) as documents,
      ${passage(sql`d.filename`)}
    from named d cross join lateral (
      select f.vector_store_id as id from vector_store_files f where f.file_id = d.id and ${isMeant} order by f.vector_store_id limit 1
    ) store cross join lateral (
      select * from chunks c where c.vector_store_id = store.id and c.file_id = d.id order by c.n limit 1
    ) c order by d.filename, d.id
  `.execute(db)
  return { passages: rows.map((row) => Row.parse(row)), documents: z.array(Counted).parse(rows)[0]?.documents ?? 0 }
}

export type NamedDocument = Pick<Passage, 'vectorStoreId' | 'fileId' | 'filename'>

/** At most `documentsMax` indexed documents with one of the words in their file's name, the shortest names first. No store means all of the tenant. */
export async function findByName(
  { db }: Db,
  { tenant, vectorStoreIds, words, documentsMax }: Asked & { words: string[]; documentsMax: number },
): Promise<NamedDocument[]> {
  const patterns = words.map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`)
  const { rows } = await sql`
    select f.vector_store_id as "vectorStoreId", f.file_id as "fileId", files.filename
    from vector_store_files f join files on files.id = f.file_id
    where ${isIndexed({ tenant, vectorStoreIds })} and files.filename ilike any(${patterns}::text[])
    order by length(files.filename), files.filename, f.file_id limit ${documentsMax}
  `.execute(db)
  return rows.map((row) => Named.parse(row))
}

/** At most `passagesMax` passages of a document in their order: the first one, and others at equal distances through the whole document. */
export async function readSpread(
  { db }: Db,
  { tenant, vectorStoreId, fileId, passagesMax }: { tenant: string; vectorStoreId: string; fileId: string; passagesMax: number },
): Promise<Passage[]> {
  const { rows } = await sql`
    with places as (
      select id, row_number() over (order by n) - 1 as place, count(*) over () as total from chunks
      where tenant = ${tenant} and vector_store_id = ${vectorStoreId} and file_id = ${fileId}
    )
    select ${passage(sql`files.filename`)} from places join chunks c on c.id = places.id join files on files.id = c.file_id
    where place = 0 or total <= ${passagesMax} or place * ${passagesMax} / total <> (place - 1) * ${passagesMax} / total
    order by c.n
  `.execute(db)
  return rows.map((row) => Row.parse(row))
}

/**
 * Condition: file `f` belongs to the stores and has passages. Its status usually says so. Only a file that is being indexed again, and still has its earlier
 * passages, is looked up among the chunks: looking up all 50,000 of a large store took most of a second. `limit` keeps the planner from hashing every chunk.
 */
function isIndexed({ tenant, vectorStoreIds }: Asked): RawBuilder<unknown> {
  return sql`f.tenant = ${tenant}
    and (cardinality(${vectorStoreIds}::text[]) = 0 or f.vector_store_id = any(${vectorStoreIds}::text[]))
    and (f.status in ('completed', 'embedding')
      or (select true from chunks c where c.vector_store_id = f.vector_store_id and c.file_id = f.file_id limit 1))`
}

/** These passages were not searched for: the document as a whole was asked for, and each counts fully. */
const score = 1

function passage(filename: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`c.id::text as "chunkId", c.vector_store_id as "vectorStoreId", c.file_id as "fileId", ${filename} as filename, c.text,
    c.start_offset as start, c.end_offset as "end", c.page, c.heading`
}

const Named = z.object({ vectorStoreId: z.string(), fileId: z.string(), filename: z.string() })
const Counted = z.looseObject({ documents: z.int() })
const Row = z
  .object({
    chunkId: z.string(),
    vectorStoreId: z.string(),
    fileId: z.string(),
    filename: z.string(),
    text: z.string(),
    start: z.int(),
    end: z.int(),
    page: z.int().nullable(),
    heading: z.string().nullable(),
  })
  .transform(
    ({ page, heading, ...row }): Passage => ({
      ...row,
      score,
      ...(page === null ? {} : { page }),
      ...(heading === null ? {} : { heading }),
    }),
  )
