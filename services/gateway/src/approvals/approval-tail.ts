import { setTimeout as sleep } from 'node:timers/promises'
import type { ApprovalLog } from './approval-log.ts'

/** Tells readers of approval histories when there is more to read. The database is asked once for all of them, and not at all while nobody reads. */
export interface ApprovalTail {
  /** Resolves when the tenant's history has gone beyond this position, or when the signal aborts. While the database is away it waits. */
  waitBeyond(place: { tenant: string; position: number }, signal: AbortSignal): Promise<void>
}

export interface ApprovalTailOptions {
  approvals: Pick<ApprovalLog, 'lastPositions'>
  onProblem: (cause: unknown) => void
  /** How often it looks; default 250 ms. */
  pollMs?: number
}

interface Reader {
  tenant: string
  position: number
  goOn(): void
}

/** How often it looks while the database is away. */
const awayPollMs = 2_000

export function createApprovalTail({ approvals, onProblem, pollMs = 250 }: ApprovalTailOptions): ApprovalTail {
  const readers = new Set<Reader>()
  let isLooking = false

  async function look(): Promise<void> {
    isLooking = true
    let failures = 0
    while (readers.size > 0) {
      try {
        const last = await approvals.lastPositions([...new Set(Array.from(readers, ({ tenant }) => tenant))])
        for (const reader of readers) if ((last.get(reader.tenant) ?? 0) > reader.position) reader.goOn()
        failures = 0
      } catch (cause) {
        failures += 1
        if (failures === 1) onProblem(cause)
      }
      await sleep(failures === 0 ? pollMs : awayPollMs)
    }
    isLooking = false
  }

  return {
    async waitBeyond({ tenant, position }, signal) {
      if (signal.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const reader = { tenant, position, goOn: () => resolve() }
      readers.add(reader)
      signal.addEventListener('abort', reader.goOn)
      if (!isLooking) void look()
      await promise
      signal.removeEventListener('abort', reader.goOn)
      readers.delete(reader)
    },
  }
}
