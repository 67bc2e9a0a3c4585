import { errorMessage, hasCode } from '@weft/contracts'
import type { RetentionLimits } from '../core/retention-limits.ts'
import type { Log } from '../log.ts'
import type { RetentionStore } from './retention-store.ts'
import type { Swept, SweepWish } from './sweep-tenant.ts'

export interface RetentionWorkerDeps {
  tenants: RetentionStore['tenants']
  limitsOf(tenant: string): RetentionLimits
  sweep(wish: SweepWish): Promise<Swept>
  logger: Pick<Log, 'info' | 'warn'>
  everyMs?: number
}

export interface RetentionWorker {
  start(): void
  /** Why the last complete sweep of all tenants left something that was due; undefined when it left nothing. */
  problem(): string | undefined
  stop(): Promise<void>
}

const everyHourMs = 3_600_000
/** The first sweep waits, because a gateway that starts has other things to do. */
const firstMs = 30_000
/** How soon the next sweep follows one that did not get to the end. */
const againMs = 5_000
/** How long a tenant is swept before it is the next tenant's turn. */
const forMsMax = 30_000

/**
 * Sweeps all tenants every hour for what is older than they keep it. Each sweep goes by what is in the database, so what one could not do, because of a stop or an
 * outage, a later one does.
 */
export function createRetentionWorker({ tenants, limitsOf, sweep, logger, everyMs }: RetentionWorkerDeps): RetentionWorker {
  const stopping = new AbortController()
  const { signal } = stopping
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> | undefined
  let problem: string | undefined
  let isGoingOn = false

  async function sweepOne(tenant: string): Promise<{ isMoreDue: boolean; problem: string | undefined }> {
    const limits = limitsOf(tenant)
    if (Object.values(limits).every((days) => days === undefined)) return { isMoreDue: false, problem: undefined }
    const by = { keyId: 'weft', name: 'retention', tenant }
    try {
      const swept = await sweep({ tenant, limits, by, forMs: forMsMax, signal })
      const hasRemoved = Object.values(swept.removed).some((count) => count > 0)
      if (hasRemoved) logger.info('what was old was put into the archive and removed', { tenant, ...swept.removed })
      if (swept.problem !== undefined) logger.warn('some of what is old stays', { tenant, cause: swept.problem })
      return swept
    } catch (cause) {
      const isElsewhere = hasCode(cause, 'conflict')
      if (isElsewhere || signal.aborted) return { isMoreDue: false, problem: undefined }
      logger.warn('what is old stays', { tenant, cause: errorMessage(cause) })
      return { isMoreDue: false, problem: errorMessage(cause) }
    }
  }

  async function sweepAll(): Promise<void> {
    let isMoreDue = false
    let firstProblem: string | undefined
    try {
      for (const tenant of await tenants()) {
        if (signal.aborted) return
        const swept = await sweepOne(tenant)
        isMoreDue ||= swept.isMoreDue
        firstProblem ??= swept.problem
      }
      // When the sweep before did not get to the end, this one continues it, and a problem that was met then still holds.
      problem = firstProblem ?? (isGoingOn ? problem : undefined)
      isGoingOn = isMoreDue
    } catch (cause) {
      logger.warn('what is old was not looked for', { cause: errorMessage(cause) })
    }
    if (!signal.aborted) timer = setTimeout(begin, isMoreDue ? againMs : (everyMs ?? everyHourMs)).unref()
  }

  function begin(): void {
    sweeping = sweepAll()
  }

  return {
    start() {
      timer = setTimeout(begin, Math.min(firstMs, everyMs ?? firstMs)).unref()
    },
    problem: () => problem,
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await sweeping
    },
  }
}
