import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { textBetween } from '../store/postgres-file-texts.ts'
import type { Quote } from './citation-stream.ts'

const Row = z.object({ n: z.int(), found: z.string(), filename: z.string(), hash: z.string(), page: z.int().nullable() })

/**
 * Reads the stored text at the place of each quote. A quote that is there letter by letter is answered with the page that it begins on, the file's current name
 * and the hash of its text. For all others the answer is undefined, also for those of other tenants' files.
 */
export async function verifyQuotes(
  database: Database,
  { tenant, quotes }: { tenant: string; quotes: Quote[] },
): Promise<(Quote | undefined)[]> {
  if (quotes.length === 0) return []
  const places = quotes.map(({ fileId, start, end }, n) => ({ n, file: fileId, from: start, length: end - start }))
  // `offset 0` keeps the planner from reading all texts for a few quotes.
  const { rows } = await sql`
    select place.n, t.found, t.filename, t.hash, t.page from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as place(n int, file text, "from" int, length int),
      lateral (
        select ${textBetween(sql`place."from"`, sql`place.length`)} as found, f.filename, t.text_hash as hash,
          (select max(p.page)::int from jsonb_array_elements(t.pages -> 'starts') with ordinality as p(start, page) where p.start::int <= place."from") as page
        from files f join file_texts t on t.file_id = f.id where f.id = place.file and f.tenant = ${tenant} offset 0
      ) t
  `.execute(database.db)
  const read = new Map(rows.map((row) => Row.parse(row)).map((row) => [row.n, row]))
  return quotes.map((quote, n) => {
    const row = read.get(n)
    if (row === undefined || row.found !== quote.quote) return undefined
    const { page: _page, ...rest } = quote
    return { ...rest, filename: row.filename, textHash: row.hash, ...(row.page === null ? {} : { page: row.page }) }
  })
}
