import { Attributes, type FoundPlace } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { textBetween } from '../store/postgres-file-texts.ts'

export type ReadPlace = { text: string; filename: string; attributes: Attributes }

/** More than any chunk has: what an agent of somebody else's names as a place may be a whole file. */
const textCharsMax = 20_000

const Row = z.object({ n: z.int(), text: z.string(), filename: z.string(), attributes: Attributes.nullable() })

/**
 * Reads what stands at places of a tenant's files, with the attributes that the files have in their vector stores now. Undefined for a place of a file that is not
 * there any more, or is another tenant's.
 */
export async function readPlaces(
  database: Pick<Database, 'db'>,
  { tenant, places }: { tenant: string; places: readonly FoundPlace[] },
): Promise<(ReadPlace | undefined)[]> {
  if (places.length === 0) return []
  const wanted = places.map(({ fileId, vectorStoreId, start, end }, n) => {
    return { n, file: fileId, store: vectorStoreId, from: start, length: Math.min(textCharsMax, Math.max(0, end - start)) }
  })
  // `offset 0` keeps the planner from reading all texts for a few places.
  const { rows } = await sql`
    select place.n, t.text, t.filename, (
        select v.attributes from vector_store_files v where v.tenant = ${tenant} and v.vector_store_id = place.store and v.file_id = place.file
      ) as attributes
    from jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) as place(n int, file text, store text, "from" int, length int),
      lateral (
        select ${textBetween(sql`place."from"`, sql`place.length`)} as text, f.filename
        from files f join file_texts t on t.file_id = f.id where f.id = place.file and f.tenant = ${tenant} offset 0
      ) t
  `.execute(database.db)
  const read = new Map(rows.map((row) => Row.parse(row)).map((row) => [row.n, row]))
  return places.map((_, n) => {
    const row = read.get(n)
    return row && { text: row.text, filename: row.filename, attributes: row.attributes ?? {} }
  })
}
