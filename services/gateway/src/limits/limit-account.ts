import type { CallLimits } from './core/call-limits.ts'
import { type Portion, waitMsFor } from './core/lease-portion.ts'
import type { HeaderLevel } from './core/limit-headers.ts'
import { type AccountOptions, holdPortion, nothing } from './hold-portion.ts'

/** What a call takes of its limits, in addition to one request and one place. */
export interface CallCost {
  tokens: number
}

export type LimitName = 'requests' | 'tokens' | 'concurrency'

/** One key's or tenant's limits as this gateway holds them. */
export interface LimitAccount {
  readonly limits: CallLimits
  /** Handed on to the account that replaces this one when the limits change, so that calls under way keep their places. */
  readonly places: PlacesInUse
  /** Which limit this gateway's portion has too little of for a call of this cost; undefined when the call may go ahead. */
  missing(cost: CallCost): LimitName | undefined
  /** Leases more, for this call and all others that wait for it. */
  lease(cost: CallCost): Promise<void>
  /** Whether there is enough for the call, in this gateway's portion and what was left for all when last heard of. */
  mayLeaseMore(cost: CallCost): boolean
  /** Takes the call's cost, and leases more beside the call when little is left. */
  take(cost: CallCost): void
  /** The call used so many tokens more than foreseen, or fewer where it is below 0. */
  correct(tokens: number): void
  /** The call is over. */
  leave(): void
  levels(): { requests: HeaderLevel | undefined; tokens: HeaderLevel | undefined }
  /** How long until a call of this cost has a chance, in milliseconds. */
  waitMs(cost: CallCost): number
  /** While calls are being answered: renews the places they hold. Otherwise gives everything back, and resolves to true: the account need not be kept. */
  tend(): Promise<boolean>
}

/** A gateway leases so much of a minute's requests or tokens at once, which is enough for 3 s of a caller that uses all it may. */
const portionShare = 1 / 20
/** So many of the places it leases beyond those in use. */
const placesShare = 1 / 8
/** What a caller is told to wait when all places are in use: nobody knows when one gets free. */
const placesWaitMs = 1_000

const infinite = Number.POSITIVE_INFINITY

/** Calls that are being answered. */
export interface PlacesInUse {
  used: number
}

export function createLimitAccount(options: AccountOptions & { places?: PlacesInUse | undefined }): LimitAccount {
  const { limits, places = { used: 0 } } = options
  const { requestsPerMinute = infinite, tokensPerMinute = infinite, concurrency = infinite } = limits
  const held = holdPortion(options)
  const waiting = { requests: 0, tokens: 0 }

  const shareOf = (limit: number) => (limit === infinite ? 0 : Math.max(1, limit * portionShare))
  const more = () =>
    held.exchange(debtsOf(held.left), {
      requests: Math.max(waiting.requests, shareOf(requestsPerMinute)),
      tokens: Math.max(waiting.tokens, shareOf(tokensPerMinute)),
      slots: places.used + Math.max(waiting.requests, concurrency === infinite ? 0 : Math.ceil(concurrency * placesShare)),
    })
  const isLow = () =>
    (requestsPerMinute !== infinite && held.left.requests < shareOf(requestsPerMinute) / 2) ||
    (tokensPerMinute !== infinite && held.left.tokens < shareOf(tokensPerMinute) / 2) ||
    (concurrency !== infinite && held.left.slots <= places.used && held.level.slots > 0)
  const sumOf = (name: 'requests' | 'tokens') => held.left[name] + held.level[name]

  return {
    limits,
    places,
    missing({ tokens }) {
      if (requestsPerMinute !== infinite && held.left.requests < 1) return 'requests'
      if (tokensPerMinute !== infinite && held.left.tokens < tokens) return 'tokens'
      return concurrency !== infinite && held.left.slots <= places.used ? 'concurrency' : undefined
    },
    async lease({ tokens }) {
      waiting.requests += 1
      waiting.tokens += tokens
      await more()
      waiting.requests -= 1
      waiting.tokens -= tokens
    },
    mayLeaseMore: ({ tokens }) =>
      (requestsPerMinute === infinite || sumOf('requests') >= 1) &&
      (tokensPerMinute === infinite || sumOf('tokens') >= tokens) &&
      (concurrency === infinite || held.left.slots > places.used || held.level.slots > 0),
    take({ tokens }) {
      held.left = { ...held.left, requests: held.left.requests - 1, tokens: held.left.tokens - tokens }
      places.used++
      if (isLow()) void more()
    },
    correct(tokens) {
      held.left = { ...held.left, tokens: held.left.tokens - tokens }
    },
    leave() {
      places.used--
    },
    levels: () => ({
      requests: levelOf(limits.requestsPerMinute, sumOf('requests')),
      tokens: levelOf(limits.tokensPerMinute, sumOf('tokens')),
    }),
    waitMs({ tokens }) {
      const forRequest = requestsPerMinute === infinite ? 0 : waitMsFor(1, sumOf('requests'), requestsPerMinute)
      const forTokens = tokensPerMinute === infinite ? 0 : waitMsFor(tokens, sumOf('tokens'), tokensPerMinute)
      return Math.max(forRequest, forTokens, held.left.slots <= places.used && concurrency !== infinite ? placesWaitMs : 0)
    },
    async tend() {
      const isUnused = places.used === 0
      if (isUnused) await held.exchange(held.left, nothing)
      else await more()
      return isUnused
    },
  }
}

function debtsOf({ requests, tokens }: Portion): Portion {
  return { requests: Math.min(0, requests), tokens: Math.min(0, tokens), slots: 0 }
}

function levelOf(limit: number | undefined, remaining: number): HeaderLevel | undefined {
  if (limit === undefined) return undefined
  const bounded = Math.min(limit, Math.max(0, Math.floor(remaining)))
  return { limit, remaining: bounded, resetMs: waitMsFor(limit, Math.min(limit, remaining), limit) }
}
