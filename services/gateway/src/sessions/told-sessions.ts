import { setTimeout as delay } from 'node:timers/promises'
import type { SessionRef } from './dapr-sessions.ts'
import type { LogReach, Reach } from './postgres-log-reach.ts'

/** How far callers of this gateway have been told of sessions, so that lists, which are read from the log, never fall behind what they know. */
export interface ToldSessions {
  /** A caller learns of a session up to its event `seq`; of one that is deleted, that it is. */
  tell(session: SessionRef, seq: Reach['seq']): void
  /** Resolves when the log holds what callers of the tenant have been told, of one session or of all, after 5 s at the latest. */
  settle(tenant: string, sessionId?: string): Promise<void>
}

/** A log that is further behind than this is one that lists show as it is. */
const behindMaxMs = 5_000
/** The log follows within some 15 to 50 ms (docs/decisions/0006). One that does not is busy: it is asked after twice as long each time. */
const lookMs = { first: 10, max: 160 }
const sessionsMax = 2_000

interface Told extends SessionRef {
  seq: Reach['seq']
  atMs: number
}

export function createToldSessions(log: LogReach, nowMs: () => number = () => performance.now()): ToldSessions {
  const told = new Map<string, Told>()

  /** The oldest come first. */
  function forgetOld(): void {
    for (const [key, { atMs }] of told) {
      if (atMs + behindMaxMs > nowMs() && told.size <= sessionsMax) return
      told.delete(key)
    }
  }

  function openOf(tenant: string, sessionId?: string): [string, Told][] {
    forgetOld()
    return [...told].filter(([, entry]) => entry.tenant === tenant && (sessionId ?? entry.sessionId) === entry.sessionId)
  }

  return {
    // What is handed over may carry a whole answer: no more than its place is kept.
    tell({ tenant, sessionId }, seq) {
      const key = `${tenant}\n${sessionId}`
      const known = told.get(key)?.seq
      if (known === 'deleted' || (known !== undefined && seq !== 'deleted' && known >= seq)) return
      told.delete(key)
      told.set(key, { tenant, sessionId, seq, atMs: nowMs() })
      forgetOld()
    },
    async settle(tenant, sessionId) {
      let open = openOf(tenant, sessionId)
      for (let waitMs = lookMs.first; open.length > 0; waitMs = Math.min(2 * waitMs, lookMs.max)) {
        const behind = await log.findBehind(
          tenant,
          open.map(([, { sessionId, seq }]) => ({ sessionId, seq })),
        )
        // Told more meanwhile, it stays; and so it is looked at again by whoever lists next, not by this caller.
        for (const [key, entry] of open) if (!behind.has(entry.sessionId) && told.get(key) === entry) told.delete(key)
        open = open.filter(([, entry]) => behind.has(entry.sessionId) && entry.atMs + behindMaxMs > nowMs())
        if (open.length > 0) await delay(waitMs)
      }
    },
  }
}
