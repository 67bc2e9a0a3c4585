import { type Database, migrateUp, sql } from '@weft/database'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'

/** How many sessions of each status are woken when a host starts, and how many at once; the newest first. The others are woken by their reminders. */
const waves = [
  { status: 'running', sessionsMax: 10_000, atOnceMax: 32 },
  { status: 'awaiting_approval', sessionsMax: 1_000, atOnceMax: 4 },
]
/** How often a session is tried that cannot be reached, as while it moves to another host. */
const roundsMax = 3
const roundPauseMs = 1_000
/** The sidecar and the database may come later than this host; asking whether they are there costs a millisecond. */
const retryMs = 50
/** Of so many attempts one is logged: one line in about 10 s. */
const attemptsPerLog = 200

export interface ResumingDeps {
  database: Database
  sidecar: Pick<Sidecar, 'callActor' | 'isHealthy'>
  logger: Record<'info' | 'warn', (message: string, details: object) => unknown>
}

/**
 * Wakes the sessions that were running or waited when this host started, through the runtime, which places each where it belongs.
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

/** Has the runtime tick a session, on the host where it belongs now. */
export function wakeSession(sidecar: Pick<Sidecar, 'callActor'>, actorId: string): Promise<unknown> {
  return sidecar.callActor({ type: 'Session', id: actorId, method: 'tick' }, { schema: z.unknown() })
}

/** Has a session, on the host where it belongs now, go on and arm a reminder of its own. */
export function keepSession(sidecar: Pick<Sidecar, 'callActor'>, actorId: string): Promise<unknown> {
  return sidecar.callActor({ type: 'Session', id: actorId, method: 'keep' }, { schema: z.unknown() })
}

async function resumeWhenPossible(deps: ResumingDeps, isStopped: () => boolean): Promise<void> {
  for (let attempt = 1; !isStopped(); attempt += 1) {
    try {
      if (!(await deps.sidecar.isHealthy())) throw new Error('the sidecar is not ready')
      await migrateUp(deps.database)
      deps.logger.info('unfinished sessions were woken', { resumed: await resumeSessions(deps, isStopped) })
      return
    } catch (cause) {
      if (attempt % attemptsPerLog === 1) deps.logger.warn('waking unfinished sessions waits', { cause: String(cause) })
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
    }
  }
}

const Row = z.object({ actor_id: z.string() })

/**
 * First those that were running, and then those that wait: one of these may have been decided on just before its host died, when the log did not have the
 * decision yet. Returns how many were found.
 */
async function resumeSessions(deps: ResumingDeps, isStopped: () => boolean): Promise<number> {
  let count = 0
  for (const { status, sessionsMax, atOnceMax } of waves) {
    let left = await findSessions(deps.database, status, sessionsMax)
    count += left.length
    for (let round = 1; left.length > 0 && round <= roundsMax && !isStopped(); round += 1) {
      if (round > 1) await new Promise((resolve) => setTimeout(resolve, roundPauseMs).unref())
      left = await tickEach(deps, left, atOnceMax)
    }
  }
  return count
}

async function findSessions({ db }: Database, status: string, limit: number): Promise<string[]> {
  const { rows } = await sql`
    select tenant || '.' || id as actor_id from sessions where status = ${status} order by updated_at desc limit ${limit}
  `.execute(db)
  return z
    .array(Row)
    .parse(rows)
    .map((row) => row.actor_id)
}

/** Returns the sessions that could not be reached. */
async function tickEach({ sidecar, logger }: ResumingDeps, actorIds: string[], atOnceMax: number): Promise<string[]> {
  const left = [...actorIds]
  const missed: string[] = []
  const workers = Array.from({ length: Math.min(atOnceMax, left.length) }, async () => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      const actorId = id
      await wakeSession(sidecar, id).catch((cause: unknown) => {
        missed.push(actorId)
        logger.warn('a session was not woken', { actorId, cause: String(cause) })
      })
    }
  })
  await Promise.all(workers)
  return missed
}
