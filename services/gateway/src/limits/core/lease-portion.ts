import { isSetBack } from '@weft/contracts'
import { z } from 'zod'
import type { CallLimits } from './call-limits.ts'

const minuteMs = 60_000

/** What is left of a limit per minute. It fills up steadily, and is below 0 after a call that used more than was estimated. */
const Bucket = z.object({ level: z.number(), atMs: z.number() })
type Bucket = z.infer<typeof Bucket>

/** What all gateways share of one key's or tenant's limits. */
export const SharedLimits = z.object({
  requests: Bucket.optional(),
  tokens: Bucket.optional(),
  /** The places that each gateway holds, and until when: those of a gateway that died are free then. */
  slots: z.record(z.string(), z.object({ count: z.int().nonnegative(), untilMs: z.number() })),
})
export type SharedLimits = z.infer<typeof SharedLimits>

export const untouchedLimits: SharedLimits = { slots: {} }

/** What one gateway holds of the limits, to be used up without asking. */
export interface Portion {
  requests: number
  tokens: number
  slots: number
}

/** How long a gateway holds places; it renews them every 5 s. */
export const slotsHeldMs = 15_000

export interface LeaseWish {
  limits: CallLimits
  gateway: string
  nowMs: number
  /** What is given back of the portion before; negative if more was used than it held. */
  left: Portion
  /** What is wished for; less is granted where less is left. Requests and tokens are added to what the gateway has; places are all it wants to hold. */
  wish: Portion
}

export interface Lease {
  shared: SharedLimits
  granted: Portion
  /** What is left for all gateways afterwards; infinite where nothing is limited. */
  level: Portion
}

/** Exchanges what a gateway has left for a new portion. */
export function leasePortion(shared: SharedLimits, { limits, gateway, nowMs, left, wish }: LeaseWish): Lease {
  const requests = exchange(shared.requests, {
    perMinute: limits.requestsPerMinute,
    nowMs,
    left: left.requests,
    wish: wish.requests,
  })
  const tokens = exchange(shared.tokens, { perMinute: limits.tokensPerMinute, nowMs, left: left.tokens, wish: wish.tokens })
  const slots = exchangeSlots(shared.slots, { concurrency: limits.concurrency, gateway, nowMs, wish: wish.slots })
  return {
    shared: { ...bucketOf('requests', requests), ...bucketOf('tokens', tokens), slots: slots.slots },
    granted: { requests: requests.granted, tokens: tokens.granted, slots: slots.granted },
    level: { requests: requests.level, tokens: tokens.level, slots: slots.level },
  }
}

interface Exchanged {
  bucket?: Bucket
  granted: number
  level: number
}

function bucketOf<Name extends 'requests' | 'tokens'>(name: Name, { bucket }: Exchanged): { [Key in Name]?: Bucket } | object {
  return bucket === undefined ? {} : { [name]: bucket }
}

function exchange(
  bucket: Bucket | undefined,
  { perMinute, nowMs, left, wish }: { perMinute: number | undefined; nowMs: number; left: number; wish: number },
): Exchanged {
  if (perMinute === undefined) return { granted: Number.POSITIVE_INFINITY, level: Number.POSITIVE_INFINITY }
  const { level = perMinute, atMs = nowMs } = bucket ?? {}
  // Clocks of gateways differ: a bucket that was filled up to a later time than it is here is not filled up again for that time.
  const filled = Math.min(perMinute, level + left + (Math.max(0, nowMs - atMs) * perMinute) / minuteMs)
  const granted = Math.max(0, Math.min(Math.floor(filled), Math.ceil(wish)))
  return {
    bucket: { level: filled - granted, atMs: isSetBack(atMs, nowMs) ? nowMs : Math.max(nowMs, atMs) },
    granted,
    level: filled - granted,
  }
}

function exchangeSlots(
  slots: SharedLimits['slots'],
  { concurrency, gateway, nowMs, wish }: { concurrency: number | undefined; gateway: string; nowMs: number; wish: number },
): { slots: SharedLimits['slots']; granted: number; level: number } {
  const infinite = Number.POSITIVE_INFINITY
  if (concurrency === undefined) return { slots: {}, granted: infinite, level: infinite }
  const others = Object.entries(slots).filter(
    ([holder, { untilMs }]) => holder !== gateway && untilMs > nowMs && !isSetBack(untilMs - slotsHeldMs, nowMs),
  )
  const taken = others.reduce((sum, [, { count }]) => sum + count, 0)
  const granted = Math.max(0, Math.min(concurrency - taken, wish))
  const own = granted === 0 ? [] : [[gateway, { count: granted, untilMs: nowMs + slotsHeldMs }] as const]
  return { slots: Object.fromEntries([...others, ...own]), granted, level: concurrency - taken - granted }
}

/** How long until a bucket with this level holds `amount`, in milliseconds. */
export function waitMsFor(amount: number, level: number, perMinute: number): number {
  return amount <= level ? 0 : Math.ceil(((amount - level) * minuteMs) / perMinute)
}
