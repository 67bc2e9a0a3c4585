import { setTimeout as delay } from 'node:timers/promises'
import type { SessionRef } from './dapr-sessions.ts'
import type { LogReach, Reach } from './postgres-log-reach.ts'

/**
 * Remembers up to which event callers of this gateway have been told of sessions. Lists are read from the log, which is a moment behind: they wait until it
 * shows what their caller may know already.
 */
export interface ToldSessions {
  /** A caller has been told of a session up to its event `seq`, or that it was deleted. */
  tell(session: SessionRef, seq: Reach['seq']): void
  /** Resolves when the log shows what callers of the tenant have been told, of one session or of all; after 5 s at the latest. */
  settle(tenant: string, sessionId?: string): Promise<void>
}

/** If the log is further behind than this, lists show it as it is. */
const behindMaxMs = 5_000
/** The log usually follows within 15 to 50 ms (docs/decisions/0006). If it does not it is busy, and is asked again after twice as long each time. */
const lookMs = { first: 10, max: 160 }
const sessionsMax = 2_000

interface Told extends SessionRef {
  seq: Reach['seq']
  atMs: number
}

export function createToldSessions(log: LogReach, nowMs: () => number = () => performance.now()): ToldSessions {
  const told = new Map<string, Told>()

  /** The map has the oldest first. */
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
    // The session handed over may be an object with a whole answer, of which only the ids are kept.
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
        // An entry that was replaced meanwhile, because more was told, stays for whoever lists next; this caller does not wait for it.
        for (const [key, entry] of open) if (!behind.has(entry.sessionId) && told.get(key) === entry) told.delete(key)
        open = open.filter(([, entry]) => behind.has(entry.sessionId) && entry.atMs + behindMaxMs > nowMs())
        if (open.length > 0) await delay(waitMs)
      }
    },
  }
}
