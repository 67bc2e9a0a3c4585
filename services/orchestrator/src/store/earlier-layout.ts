import { type Database, sql } from '@weft/database'
import { z } from 'zod'

/** Whether sessions may lie in the state store under the keys that versions before December 2026 gave them; true until it is known. */
export type MayLieEarlier = () => boolean

const Row = z.object({ has_earlier: z.boolean() })

/** The first migration that came after sessions were given other keys. */
const firstAfter = '0022-texts-in-pieces'

/**
 * Asks the database once, and again as long as it does not say. No turn waits for it: looking for a session in both places costs half a
 * millisecond, and only a mesh that was made by such a version pays it for long.
 */
export function createEarlierLayout(database: Database): MayLieEarlier {
  let known: boolean | undefined
  let isAsking = false

  async function ask(): Promise<void> {
    const { rows } = await sql`
      select exists (select 1 from sessions where created_at < applied_at) as has_earlier from weft_migrations where name = ${firstAfter}
    `.execute(database.db)
    known = z.array(Row).parse(rows)[0]?.has_earlier
  }

  return () => {
    if (known === undefined && !isAsking) {
      isAsking = true
      void ask()
        // A database that is away, or not migrated yet, is asked by the next session.
        .catch(() => undefined)
        .finally(() => {
          isAsking = false
        })
    }
    return known ?? true
  }
}
