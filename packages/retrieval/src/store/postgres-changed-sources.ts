import type { Citation } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { textBetween } from './postgres-file-texts.ts'

const Row = z.object({ n: z.int() })

/**
 * Which of these earlier citations have a source that has changed: the file is gone, or its text has another hash. How the text is cut into chunks does not matter. A
 * citation without a hash is compared by its quote. Another tenant's files count as gone. Takes one query.
 */
export async function findChangedSources(
  { db }: Pick<Database, 'db'>,
  { tenant, citations }: { tenant: string; citations: Citation[] },
): Promise<Set<Citation>> {
  if (citations.length === 0) return new Set()
  const places = citations.map(({ fileId, textHash, quote, start, end }, n) => ({
    n,
    file: fileId,
    hash: textHash ?? null,
    quote,
    from: start,
    length: end - start,
  }))
  const { rows } = await sql`
    select place.n from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as place(n int, file text, hash text, quote text, "from" int, length int)
    where not exists (
      select 1 from files f join file_texts t on t.file_id = f.id
      where f.id = place.file and f.tenant = ${tenant}
        and case when place.hash is null then ${textBetween(sql`place."from"`, sql`place.length`)} = place.quote else t.text_hash = place.hash end
    )
  `.execute(db)
  return new Set(rows.flatMap((row) => citations[Row.parse(row).n] ?? []))
}
