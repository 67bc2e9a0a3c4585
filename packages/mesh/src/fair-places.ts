import { WeftError } from '@weft/contracts'
import { createFairQueue, type FairQueue, type Waiting } from './core/fair-queue.ts'

/** Places at some work that many want at once. */
export interface FairPlaces {
  /**
   * A place, as soon as there is one; to be given back with `leave`. `cost` weighs what different tenants ask for, in the unit of `quantum`; of one tenant the
   * lowest `rank` is served first (default 0). `waitMsMax`: how long this caller may wait, if not as long as any. Rejects with `rate_limit_exceeded` or
   * `dependency_unavailable` when too many wait or no place got free in time, with `timeout` when `signal` aborts before.
   */
  enter(caller: Caller): Place | Promise<Place>
  /** Whether one more of the tenant's may wait. */
  hasRoom(tenant: string): boolean
  /** Has those that wait looked at again, after the number of places changed. */
  review(): void
  counts(): { active: number; waiting: number }
}

interface Caller {
  tenant: string
  cost: number
  rank?: number
  waitMsMax?: number
  signal?: AbortSignal | undefined
}

export interface Place {
  leave(): void
}

export interface FairPlacesOptions {
  /** Whose places they are, for refusals: `the gateway`. */
  of: string
  /** A function where the number changes: a change counts from the next time that somebody comes or leaves, or from `review` on. */
  placesMax: number | (() => number)
  /** How long a request may wait; default 10,000. */
  waitMsMax?: number
  /** How many requests of a tenant may wait; default 100. */
  waitingPerTenantMax?: number
  /** How many requests may wait in all; default 1,000. */
  waitingMax?: number
  /** The cost that a tenant whose turn it is may spend before the next tenant's turn; default 2,000, for costs in tokens. */
  quantum?: number
  /** The share of the places that is kept for tenants that hold few; default 1/8. */
  reservedShare?: number
}

/** A client that is refused comes back after a second or two by itself, so that waiting longer than this is no help to it. */
const waitDefaultMs = 10_000
const perTenantDefault = 100
const waitingDefault = 1_000
/** About the tokens of a longer question and its answer. */
const quantumDefault = 2_000
/** This share of the places is kept for tenants that hold few, so that one tenant's long answers cannot keep all others waiting. */
const reservedDefault = 1 / 8

/** Admits requests up to a number of places. Further ones wait in a queue for each tenant, and tenants are served in turn; when too many wait, more are refused. */
export function createFairPlaces(options: FairPlacesOptions): FairPlaces {
  const { of, waitMsMax = waitDefaultMs, quantum = quantumDefault, reservedShare = reservedDefault } = options
  const placesMax = () => (typeof options.placesMax === 'number' ? options.placesMax : options.placesMax())
  const perTenantMax = options.waitingPerTenantMax ?? perTenantDefault
  const totalMax = options.waitingMax ?? waitingDefault
  const queue = createFairQueue<(place: Place) => void>({ perTenantMax, totalMax, quantum })
  const held = new Map<string, number>()
  let active = 0

  function mayHold(tenant: string): boolean {
    const reserved = Math.ceil(placesMax() * reservedShare)
    return active < placesMax() - reserved || (held.get(tenant) ?? 0) < Math.max(1, reserved)
  }

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
    while (active < placesMax()) {
      const next = queue.take(mayHold)
      if (next === undefined) return
      next.item(take(next.tenant))
    }
  }

  const whyNoRoom = () => (queue.size() >= totalMax ? queueIsFull(of, totalMax) : tooManyWait(perTenantMax))

  return {
    enter(caller) {
      if (active < placesMax() && queue.size() === 0 && mayHold(caller.tenant)) return take(caller.tenant)
      const place = waitIn(queue, { waitMsMax, ...caller }, { of, whyNoRoom })
      serveNext()
      return place
    },
    hasRoom: queue.hasRoom,
    review: serveNext,
    counts: () => ({ active, waiting: queue.size() }),
  }
}

/** Resolves to the place that the queue hands out; rejects when there is no room, when the time is over, and when `signal` aborts. */
function waitIn(
  queue: FairQueue<(place: Place) => void>,
  { tenant, cost, rank, signal, waitMsMax }: Caller & { waitMsMax: number },
  { of, whyNoRoom }: { of: string; whyNoRoom: () => WeftError },
): Promise<Place> {
  const { promise, resolve, reject } = Promise.withResolvers<Place>()
  const waiting: Waiting<(place: Place) => void> = { tenant, cost, rank, item: serve }
  const timer = setTimeout(() => giveUp(waitedTooLong(of, waitMsMax)), waitMsMax)
  const leave = () => giveUp(new WeftError('timeout', 'the reader left while the request waited'))
  function end(): void {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
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
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted === true) leave()
  else if (!queue.add(waiting)) giveUp(whyNoRoom())
  return promise
}

function waitedTooLong(of: string, waitMsMax: number): WeftError {
  return new WeftError('dependency_unavailable', `${of} is busy: there was no place within ${waitMsMax} ms`, {
    details: { retryAfterMs: 2_000 },
  })
}

function queueIsFull(of: string, totalMax: number): WeftError {
  return new WeftError('dependency_unavailable', `${of} is busy: ${totalMax} requests already wait for a place`, {
    details: { retryAfterMs: 2_000 },
  })
}

function tooManyWait(perTenantMax: number): WeftError {
  return new WeftError('rate_limit_exceeded', `${perTenantMax} requests of this tenant already wait for a place`, {
    details: { retryAfterMs: 2_000 },
  })
}
