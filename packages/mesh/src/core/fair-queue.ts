/** Something that waits to be served. */
export interface Waiting<T> {
  tenant: string
  /** What serving it takes, in any unit: only proportions count. */
  cost: number
  /** Of one tenant the lowest is served first, and of equal ones whichever came first; default 0. */
  rank?: number | undefined
  item: T
}

export interface FairQueue<T> {
  /** False when the tenant, or all together, already have as many waiting as they may. */
  hasRoom(tenant: string): boolean
  /** False where there is no room. */
  add(waiting: Waiting<T>): boolean
  /** The next to be served, of the tenants that `mayServe` lets; each gets as much as any other over time. */
  take(mayServe?: (tenant: string) => boolean): Waiting<T> | undefined
  /** Takes back what waits no longer. */
  remove(waiting: Waiting<T>): void
  size(): number
}

export interface QueueLimits {
  perTenantMax: number
  totalMax: number
  /** What a tenant may spend in each of its turns; more than most items cost, so that a turn usually serves one. */
  quantum: number
}

interface Lane<T> {
  waiting: Waiting<T>[]
  /** What the tenant may still spend; it is lost when nothing of the tenant waits any more. */
  credit: number
}

const rankOf = ({ rank = 0 }: Waiting<unknown>) => rank

/** Deficit round robin between tenants (Shreedhar and Varghese, SIGCOMM 1995); by rank, and then first in first out, within one. */
export function createFairQueue<T>({ perTenantMax, totalMax, quantum }: QueueLimits): FairQueue<T> {
  /** In the order of their turns. */
  const lanes = new Map<string, Lane<T>>()
  let size = 0

  function leave(tenant: string, lane: Lane<T>): void {
    size--
    if (lane.waiting.length === 0) lanes.delete(tenant)
  }

  const hasRoom = (tenant: string) => size < totalMax && (lanes.get(tenant)?.waiting.length ?? 0) < perTenantMax

  return {
    hasRoom,
    add(waiting) {
      if (!hasRoom(waiting.tenant)) return false
      const lane = lanes.get(waiting.tenant) ?? { waiting: [], credit: 0 }
      lane.waiting.splice(lane.waiting.findLastIndex((other) => rankOf(other) <= rankOf(waiting)) + 1, 0, waiting)
      lanes.set(waiting.tenant, lane)
      size++
      return true
    },
    take(mayServe = () => true) {
      const able = [...lanes].filter(([tenant]) => mayServe(tenant))
      if (able.length === 0) return undefined
      for (;;) {
        for (const [tenant, lane] of able) {
          const [first] = lane.waiting
          if (first === undefined) continue
          if (lane.credit >= first.cost) {
            lane.credit -= first.cost
            lane.waiting.shift()
            leave(tenant, lane)
            return first
          }
          lane.credit += quantum
          // Its turn is over: the others come before it has another.
          lanes.delete(tenant)
          lanes.set(tenant, lane)
        }
      }
    },
    remove(waiting) {
      const lane = lanes.get(waiting.tenant)
      const at = lane?.waiting.indexOf(waiting) ?? -1
      if (lane === undefined || at < 0) return
      lane.waiting.splice(at, 1)
      leave(waiting.tenant, lane)
    },
    size: () => size,
  }
}
