import { type Database, sql } from '@weft/database'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'

/** Sessions woken at boot at most, and at once; the rest is woken by its reminders. */
const sessionsMax = 10_000
const atOnceMax = 32

const Row = z.object({ actor_id: z.string() })

/**
 * Wakes every session that was running when this host started, through the runtime, which places each where it belongs.
 * A hint like every other: a session it misses is woken by its reminder.
 */
export async function resumeSessions(database: Database, sidecar: Sidecar, onProblem: (cause: unknown) => void): Promise<number> {
  const { rows } = await sql`
    select tenant || '.' || id as actor_id from sessions where status = 'running' order by updated_at desc limit ${sessionsMax}
  `.execute(database.db)
  const actorIds = z
    .array(Row)
    .parse(rows)
    .map((row) => row.actor_id)
  const left = [...actorIds]
  const workers = Array.from({ length: Math.min(atOnceMax, left.length) }, async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      await sidecar.callActor({ type: 'Session', id, method: 'tick' }, { schema: z.unknown() }).catch(onProblem)
    }
  })
  await Promise.all(workers)
  return actorIds.length
}
