import { type Database, sql } from '@weft/database'
import { z } from 'zod'

/**
 * Whether sessions, or one that was created then, may lie in the state store under the keys that versions before December 2026 gave them; true until
 * it is known.
 */
export type MayLieEarlier = (createdAtMs?: number) => boolean

const Row = z.object({ has_earlier: z.boolean(), until_ms: z.coerce.number() })

/** The first migration that came after sessions were given other keys. */
const firstAfter = '0022-texts-in-pieces'

/**
 * Asks the database once, and again as long as it does not say. No turn waits for it: looking for a session in both places costs half a
 * millisecond, and only a mesh that was made by such a version pays it for long.
 */
export function createEarlierLayout(database: Database): MayLieEarlier {
  /** Sessions created before it may. */
  let untilMs: number | undefined
  let isAsking = false

  async function ask(): Promise<void> {
    const { rows } = await sql`
      select exists (select 1 from sessions where created_at < applied_at) as has_earlier, extract(epoch from applied_at) * 1000 as until_ms
      from weft_migrations where name = ${firstAfter}
    `.execute(database.db)
    const [row] = z.array(Row).parse(rows)
    if (row !== undefined) untilMs = row.has_earlier ? row.until_ms : Number.NEGATIVE_INFINITY
  }

  return (createdAtMs = Number.NEGATIVE_INFINITY) => {
    if (untilMs === undefined && !isAsking) {
      isAsking = true
      void ask()
        // A database that is away, or not migrated yet, is asked by the next session.
        .catch(() => undefined)
        .finally(() => {
          isAsking = false
        })
    }
    return untilMs === undefined || createdAtMs < untilMs
  }
}
