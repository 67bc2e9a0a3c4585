import { WeftError } from '@weft/contracts'
import { createFairQueue, type Waiting } from './core/fair-queue.ts'

export interface Overload {
  /** Settles once there is a place for the request; `leave` gives it back. Throws `rate_limit_exceeded` or `dependency_unavailable` when there will be none soon. */
  enter(caller: { tenant: string; cost: number; signal: AbortSignal }): Place | Promise<Place>
  counts(): { active: number; waiting: number }
}

export interface Place {
  leave(): void
}

export interface OverloadOptions {
  /** Requests answered at once by this gateway. */
  placesMax: number
  waitMsMax?: number
  waitingPerTenantMax?: number
  waitingMax?: number
}

/** The published clients come back after a second or two; who waits longer than this had better be told. */
const waitDefaultMs = 10_000
const perTenantDefault = 100
const waitingDefault = 1_000
/** As much as a question of some length and its answer. */
const quantumTokens = 2_000
/** These places are only for tenants that hold few: long answers of one do not keep all others waiting. */
const reservedShare = 1 / 8

/** Requests beyond the places wait in queues of their tenants, served in turn; what nobody could serve soon is refused at once. */
export function createOverload(options: OverloadOptions): Overload {
  const { placesMax, waitMsMax = waitDefaultMs } = options
  const perTenantMax = options.waitingPerTenantMax ?? perTenantDefault
  const totalMax = options.waitingMax ?? waitingDefault
  const queue = createFairQueue<(place: Place) => void>({ perTenantMax, totalMax, quantum: quantumTokens })
  const held = new Map<string, number>()
  let active = 0
  const reserved = Math.ceil(placesMax * reservedShare)

  const mayHold = (tenant: string) => active < placesMax - reserved || (held.get(tenant) ?? 0) < Math.max(1, reserved)

  function take(tenant: string): Place {
    active++
    held.set(tenant, (held.get(tenant) ?? 0) + 1)
    let hasLeft = false
    return {
      leave() {
        if (hasLeft) return
        hasLeft = true
        active--
        const rest = (held.get(tenant) ?? 1) - 1
        if (rest === 0) held.delete(tenant)
        else held.set(tenant, rest)
        serveNext()
      },
    }
  }

  function serveNext(): void {
    while (active < placesMax) {
      const next = queue.take(mayHold)
      if (next === undefined) return
      next.item(take(next.tenant))
    }
  }

  function wait({ tenant, cost, signal }: Parameters<Overload['enter']>[0]): Promise<Place> {
    const { promise, resolve, reject } = Promise.withResolvers<Place>()
    const waiting: Waiting<(place: Place) => void> = { tenant, cost, item: serve }
    const timer = setTimeout(() => giveUp(waitedTooLong(waitMsMax)), waitMsMax)
    const leave = () => giveUp(new WeftError('timeout', 'the reader left while the request waited'))
    function end(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    }
    function serve(place: Place): void {
      end()
      resolve(place)
    }
    function giveUp(reason: WeftError): void {
      end()
      queue.remove(waiting)
      reject(reason)
    }
    signal.addEventListener('abort', leave, { once: true })
    if (!queue.add(waiting)) giveUp(queue.size() >= totalMax ? queueIsFull(totalMax) : tooManyWait(perTenantMax))
    return promise
  }

  return {
    enter(caller) {
      if (active < placesMax && queue.size() === 0 && mayHold(caller.tenant)) return take(caller.tenant)
      const place = wait(caller)
      serveNext()
      return place
    },
    counts: () => ({ active, waiting: queue.size() }),
  }
}

function waitedTooLong(waitMsMax: number): WeftError {
  return new WeftError('dependency_unavailable', `the gateway is busy: there was no place within ${waitMsMax} ms`, {
    details: { retryAfterMs: 2_000 },
  })
}

function queueIsFull(totalMax: number): WeftError {
  return new WeftError('dependency_unavailable', `the gateway is busy: ${totalMax} requests already wait for a place`, {
    details: { retryAfterMs: 2_000 },
  })
}

function tooManyWait(perTenantMax: number): WeftError {
  return new WeftError('rate_limit_exceeded', `${perTenantMax} requests of this tenant already wait for a place`, {
    details: { retryAfterMs: 2_000 },
  })
}
