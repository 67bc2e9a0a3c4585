import { WeftError } from '@weft/contracts'
import type { PatientState } from '@weft/models'
import type { KeyIdentity } from '../core/api-key.ts'
import { type CallLimits, limitsNothing } from './core/call-limits.ts'
import { limitHeaders } from './core/limit-headers.ts'
import { createLimitAccount, type LimitAccount, type LimitName } from './limit-account.ts'

/** A request that was admitted, as its limits count it. */
export interface Ticket {
  /** OpenAI's `x-ratelimit-…` headers as of now. */
  headers(): Record<string, string>
  /** Corrects the estimate to the tokens that the answer used; without a number the estimate stands. Only the first call counts. */
  settle(tokens?: number): void
  /** The answer is over, however it went. */
  close(): void
}

export interface LimitedCaller {
  identity: Pick<KeyIdentity, 'keyId' | 'tenant' | 'limits'>
  /** The estimated tokens of the request; called only where tokens are limited. */
  tokens(): number
}

export interface CallLimiter {
  /** Admits a request, at once as long as this gateway's portion lasts. Throws or rejects with `rate_limit_exceeded`, which names the time to wait. */
  admit(caller: LimitedCaller): Ticket | Promise<Ticket>
  /** OpenAI's `x-ratelimit-…` headers for a caller that was refused. */
  headers(identity: LimitedCaller['identity']): Record<string, string>
  stop(): Promise<void>
}

export interface LimiterOptions {
  shared: PatientState
  /** This gateway's name among those that share the limits. */
  gateway: string
  /** The limits that hold for every tenant now. */
  tenantLimits(): CallLimits
  nowMs?: () => number
  tendMs?: number
}

/** How often places are renewed, which are held for 15 s each time, and unused portions given back. */
const tendDefaultMs = 5_000
const accountsMax = 10_000
/** Accounts that are tended at once, each with a round trip or two. */
const tendedAtOnce = 16

/** Limits of keys and tenants, shared by all gateways: each leases a portion and uses it up without asking. */
export function createCallLimiter(options: LimiterOptions): CallLimiter {
  const { shared, gateway, tenantLimits, nowMs = Date.now, tendMs = tendDefaultMs } = options
  const accounts = new Map<string, LimitAccount>()
  /** The accounts of each call that waits for a lease: they have to be kept, because the call is counted in them later. */
  const leasing = new Set<LimitAccount[]>()
  let tending: Promise<void> | undefined
  const timer = setInterval(() => void tendAll(), tendMs)
  timer.unref()

  function accountOf(id: string, limits: CallLimits | undefined): LimitAccount[] {
    if (limits === undefined || limitsNothing(limits)) return []
    const known = accounts.get(id)
    if (known !== undefined && isSame(known.limits, limits)) return [known]
    if (known === undefined && accounts.size >= accountsMax) throw overloaded()
    const account = createLimitAccount({ id, limits, gateway, shared, nowMs, places: known?.places })
    accounts.set(id, account)
    return [account]
  }

  function accountsOf({ tenant, keyId, limits }: LimitedCaller['identity']): LimitAccount[] {
    return [...accountOf(`limits/key/${keyId}`, limits), ...accountOf(`limits/tenant/${tenant}`, tenantLimits())]
  }

  function tendAll(): Promise<void> {
    tending ??= tendEach().finally(() => {
      tending = undefined
    })
    return tending
  }

  async function tendEach(): Promise<void> {
    const left = accounts.entries()
    const tendNext = async () => {
      for (const [id, account] of left) if ((await account.tend()) && !isInUse(account)) accounts.delete(id)
    }
    await Promise.all(Array.from({ length: tendedAtOnce }, tendNext))
  }

  function isInUse(account: LimitAccount): boolean {
    return account.places.used > 0 || [...leasing].some((held) => held.includes(account))
  }

  async function leaseAll(held: LimitAccount[], tokens: number): Promise<Ticket> {
    leasing.add(held)
    try {
      return await leaseUntilCovered(held, tokens)
    } finally {
      leasing.delete(held)
    }
  }

  return {
    admit(caller) {
      const held = accountsOf(caller.identity)
      const tokens = held.some(({ limits }) => limits.tokensPerMinute !== undefined) ? caller.tokens() : 0
      const isCovered = held.every((account) => account.missing({ tokens }) === undefined)
      return isCovered ? openTicket(held, tokens) : leaseAll(held, tokens)
    },
    headers: (identity) => headersOf(accountsOf(identity)),
    async stop() {
      clearInterval(timer)
      await tending
      await tendAll()
    },
  }
}

const roundsMax = 20

/** Calls that wait together may take what a lease brought before this one looks, so it looks again as long as there is more. */
async function leaseUntilCovered(held: LimitAccount[], tokens: number): Promise<Ticket> {
  for (let rounds = 0; ; rounds++) {
    const short = held.find((account) => account.missing({ tokens }) !== undefined)
    const missing = short?.missing({ tokens })
    if (short === undefined || missing === undefined) return openTicket(held, tokens)
    if (rounds > 0 && (rounds > roundsMax || !short.mayLeaseMore({ tokens }))) throw exceeded(short, { missing, tokens })
    await short.lease({ tokens })
  }
}

function openTicket(held: LimitAccount[], tokens: number): Ticket {
  for (const account of held) account.take({ tokens })
  let isSettled = false
  let isClosed = false
  return {
    headers: () => headersOf(held),
    settle(used = tokens) {
      if (isSettled) return
      isSettled = true
      for (const account of held) account.correct(used - tokens)
    },
    close() {
      if (isClosed) return
      isClosed = true
      for (const account of held) account.leave()
    },
  }
}

function headersOf(held: LimitAccount[]): Record<string, string> {
  const levels = held.map((account) => account.levels())
  const requests = levels.map((level) => level.requests)
  const tokens = levels.map((level) => level.tokens)
  return { ...limitHeaders('requests', requests), ...limitHeaders('tokens', tokens) }
}

function isSame(a: CallLimits, b: CallLimits): boolean {
  return a.requestsPerMinute === b.requestsPerMinute && a.tokensPerMinute === b.tokensPerMinute && a.concurrency === b.concurrency
}

function exceeded(account: LimitAccount, { missing, tokens }: { missing: LimitName; tokens: number }): WeftError {
  const { requestsPerMinute, tokensPerMinute = 0, concurrency } = account.limits
  const isTooLarge = missing === 'tokens' && tokens > tokensPerMinute
  const what = {
    requests: `more than ${requestsPerMinute} requests per minute`,
    tokens: isTooLarge
      ? `this request needs about ${tokens} tokens, more than the ${tokensPerMinute} per minute`
      : `more than ${tokensPerMinute} tokens per minute`,
    concurrency: `more than ${concurrency} requests at once`,
  }[missing]
  return new WeftError('rate_limit_exceeded', `the limit is met: ${what}`, {
    isRetryable: !isTooLarge,
    details: { retryAfterMs: account.waitMs({ tokens }) },
  })
}

function overloaded(): WeftError {
  return new WeftError('dependency_unavailable', 'too many keys are in use at once; try again in a moment')
}
