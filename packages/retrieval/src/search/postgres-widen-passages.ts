import type { Passage } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { textBetween } from '../store/postgres-file-texts.ts'
import { type Span, widenSpan } from './widen-span.ts'

const Neighbour = z.object({ n: z.int(), start: z.int(), end: z.int() })
const Text = z.object({ n: z.int(), text: z.string() })

/**
 * Widens each passage by whole neighbouring chunks under the same heading, up to `charsMax` code points in all. Text and offsets are those of the stored text. A
 * passage that then lies within one before it is left out; one whose text is no longer stored stays as it is. Takes two queries.
 */
export async function widenPassages(
  database: Pick<Database, 'db'>,
  { tenant, passages, charsMax }: { tenant: string; passages: Passage[]; charsMax: number },
): Promise<Passage[]> {
  if (passages.length === 0) return []
  const neighbours = await readNeighbours(database, { tenant, passages, charsMax })
  const spans = passages.map(({ start, end }, n) => widenSpan({ start, end }, neighbours.get(n) ?? [], charsMax))
  const texts = await readTexts(database, { tenant, passages, spans })
  const widened: Passage[] = []
  for (const [n, passage] of passages.entries()) {
    const [span, text] = [spans[n], texts.get(n)]
    const wide = span === undefined || text === undefined ? passage : { ...passage, ...span, text }
    if (!widened.some((each) => holds(each, wide))) widened.push(wide)
  }
  return widened
}

type Asked = { tenant: string; passages: Passage[]; charsMax: number }

async function readNeighbours({ db }: Pick<Database, 'db'>, { tenant, passages, charsMax }: Asked): Promise<Map<number, Span[]>> {
  const places = passages.map(({ vectorStoreId, fileId, heading, start, end }, n) => ({
    n,
    store: vectorStoreId,
    file: fileId,
    heading: heading ?? null,
    from: start - charsMax,
    to: end + charsMax,
  }))
  const { rows } = await sql`
    select place.n, c.start_offset as start, c.end_offset as end
    from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as place(n int, store text, file text, heading text, "from" int, "to" int)
    join chunks c on c.file_id = place.file and c.vector_store_id = place.store
    where c.tenant = ${tenant} and c.heading is not distinct from place.heading and c.start_offset >= place."from" and c.end_offset <= place."to"
  `.execute(db)
  return Map.groupBy(
    rows.map((row) => Neighbour.parse(row)),
    ({ n }) => n,
  )
}

type Wanted = { tenant: string; passages: Passage[]; spans: Span[] }

async function readTexts({ db }: Pick<Database, 'db'>, { tenant, passages, spans }: Wanted): Promise<Map<number, string>> {
  const places = passages.flatMap(({ fileId, start, end }, n) => {
    const span = spans[n]
    const isWider = span !== undefined && (span.start < start || span.end > end)
    return isWider ? [{ n, file: fileId, from: span.start, length: span.end - span.start }] : []
  })
  if (places.length === 0) return new Map()
  // `offset 0` keeps the planner from reading all texts for a few places.
  const { rows } = await sql`
    select place.n, t.text from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as place(n int, file text, "from" int, length int),
      lateral (
        select ${textBetween(sql`place."from"`, sql`place.length`)} as text
        from files f join file_texts t on t.file_id = f.id where f.id = place.file and f.tenant = ${tenant} offset 0
      ) t
  `.execute(db)
  return new Map(rows.map((row) => Text.parse(row)).map(({ n, text }) => [n, text]))
}

function holds(wide: Passage, other: Passage): boolean {
  return wide.fileId === other.fileId && wide.start <= other.start && wide.end >= other.end
}
