import { type Database, migrateUp, sql } from '@weft/database'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'

/** Sessions woken at boot at most, and at once; the rest is woken by its reminders. */
const sessionsMax = 10_000
const atOnceMax = 32
/** The sidecar and the database may come later than this host; asking whether they are there costs a millisecond. */
const retryMs = 50
/** As often a wait is told of. */
const tellEvery = 200

export interface ResumingDeps {
  database: Database
  sidecar: Pick<Sidecar, 'callActor' | 'isHealthy'>
  logger: Record<'info' | 'warn', (message: string, details: object) => unknown>
}

/**
 * Wakes every session that was running when this host started, through the runtime, which places each where it belongs.
 * A hint like every other: a session it misses is woken by its reminder, and new sessions run meanwhile.
 */
export function startResuming(deps: ResumingDeps): { stop(): void } {
  let isStopped = false
  void resumeWhenPossible(deps, () => isStopped)
  return {
    stop() {
      isStopped = true
    },
  }
}

async function resumeWhenPossible(deps: ResumingDeps, isStopped: () => boolean): Promise<void> {
  for (let attempt = 1; !isStopped(); attempt += 1) {
    try {
      if (!(await deps.sidecar.isHealthy())) throw new Error('the sidecar is not ready')
      await migrateUp(deps.database)
      deps.logger.info('unfinished sessions were woken', { resumed: await resumeSessions(deps) })
      return
    } catch (cause) {
      if (attempt % tellEvery === 1) deps.logger.warn('waking unfinished sessions waits', { cause: String(cause) })
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
    }
  }
}

const Row = z.object({ actor_id: z.string() })

async function resumeSessions({ database, sidecar, logger }: ResumingDeps): Promise<number> {
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
      await sidecar
        .callActor({ type: 'Session', id, method: 'tick' }, { schema: z.unknown() })
        .catch((cause: unknown) => logger.warn('a session was not woken', { cause: String(cause) }))
    }
  })
  await Promise.all(workers)
  return actorIds.length
}
