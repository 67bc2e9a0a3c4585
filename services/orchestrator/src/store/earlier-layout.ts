import { type Database, sql } from '@weft/database'
import { z } from 'zod'

/**
 * Whether a session that was created at this time (epoch milliseconds; without it: any session at all) may be stored under the keys that versions before
 * December 2026 used. True until it is known.
 */
export type MayHaveEarlierKeys = (createdAtMs?: number) => boolean

const Row = z.object({ has_earlier: z.boolean(), until_ms: z.coerce.number() })

/** The first migration after the keys were changed: sessions created before it was applied may have the earlier ones. */
const firstMigrationAfter = '0022-texts-in-pieces'

/**
 * Asks the database when it is first called, and again until the database answers. No turn waits for the answer: looking for a session under both keys
 * costs half a millisecond, and only a mesh that was made by such a version goes on paying it.
 */
export function createEarlierLayout(database: Database): MayHaveEarlierKeys {
  /** Sessions created before this time may have earlier keys; minus infinity: none has. */
  let untilMs: number | undefined
  let isAsking = false

  async function ask(): Promise<void> {
    const { rows } = await sql`
      select exists (select 1 from sessions where created_at < applied_at) as has_earlier, extract(epoch from applied_at) * 1000 as until_ms
      from weft_migrations where name = ${firstMigrationAfter}
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
