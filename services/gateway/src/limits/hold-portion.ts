import { setTimeout as sleep } from 'node:timers/promises'
import type { SharedState } from '@weft/mesh'
import type { CallLimits } from './core/call-limits.ts'
import { type Lease, leasePortion, type Portion, SharedLimits, untouchedLimits } from './core/lease-portion.ts'

export interface AccountOptions {
  /** Which key or tenant, as the shared state names it. */
  id: string
  limits: CallLimits
  gateway: string
  shared: Pick<SharedState, 'get' | 'compareAndSet'>
  nowMs(): number
}

/** What this gateway holds of one key's or tenant's limits. */
export interface HeldPortion {
  left: Portion
  /** What was left for all gateways, beside their portions, when last heard of. */
  level: Portion
  /** Gives `given` back and adds what is granted of `wish` to what is left by then. Only one exchange is made at a time: whoever asks meanwhile waits for that one. */
  exchange(given: Portion, wish: Portion): Promise<void>
}

export const nothing: Portion = { requests: 0, tokens: 0, slots: 0 }

export function holdPortion({ id, limits, gateway, shared, nowMs }: AccountOptions): HeldPortion {
  /** The shared limits as last heard of. While the shared state is away the gateway counts on from there by itself. */
  let own: SharedLimits = untouchedLimits
  let exchanging: Promise<void> | undefined
  const held: HeldPortion = {
    left: nothing,
    level: { requests: limits.requestsPerMinute ?? 0, tokens: limits.tokensPerMinute ?? 0, slots: 0 },
    exchange(given, wish) {
      exchanging ??= exchangeNow(given, wish).finally(() => {
        exchanging = undefined
      })
      return exchanging
    },
  }

  async function exchangeNow(given: Portion, wish: Portion): Promise<void> {
    held.left = { ...held.left, requests: held.left.requests - given.requests, tokens: held.left.tokens - given.tokens }
    const lease = (state: SharedLimits) => leasePortion(state, { limits, gateway, nowMs: nowMs(), left: given, wish })
    const leased = await leaseShared(shared, id, lease).catch(() => lease(own))
    const { granted, level } = leased
    own = leased.shared
    const { requests, tokens } = held.left
    held.left = { requests: requests + granted.requests, tokens: tokens + granted.tokens, slots: granted.slots }
    held.level = level
  }

  return held
}

/** Conflicts are rare, because gateways write the same limits only when their portions run out. */
const conflictsMax = 20
const conflictWaitMs = 5

async function leaseShared(shared: AccountOptions['shared'], id: string, lease: (state: SharedLimits) => Lease): Promise<Lease> {
  for (let conflicts = 0; conflicts <= conflictsMax; conflicts++) {
    const found = await shared.get(id)
    const parsed = SharedLimits.safeParse(found?.value)
    const result = lease(parsed.success ? parsed.data : untouchedLimits)
    if (await shared.compareAndSet(id, result.shared, found?.etag)) return result
    await sleep(Math.random() * conflictWaitMs)
  }
  throw new Error(`the limits of ${id} were changed by others ${conflictsMax} times`)
}
