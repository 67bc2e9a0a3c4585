import type { ChatMessage } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'

const Row = z.object({ role: z.enum(['user', 'assistant']), content: z.looseObject({ content: z.unknown() }) })
const Text = z.string()

/** What was said in a session whose turns are no longer in its state: the newest messages, oldest first. */
export async function loadHistory(
  database: Database,
  { tenant, sessionId, limit }: { tenant: string; sessionId: string; limit: number },
): Promise<ChatMessage[]> {
  const { rows } = await sql`
    select role, content from messages where tenant = ${tenant} and session_id = ${sessionId}
    order by turn desc, role asc limit ${limit}
  `.execute(database.db)
  return z
    .array(Row)
    .parse(rows)
    .toReversed()
    .flatMap(({ role, content }) => {
      const text = Text.safeParse(content.content)
      return text.success ? [{ role, content: text.data }] : []
    })
}
