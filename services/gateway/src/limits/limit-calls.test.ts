import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import { WeftError } from '@weft/contracts'
import { createMemorySharedState, patiently } from '../testing/memory-shared-state.ts'
import type { CallLimits } from './core/call-limits.ts'
import { type CallLimiter, createCallLimiter, type Ticket } from './limit-calls.ts'

const clock = { nowMs: 1_000_000 }
const running: CallLimiter[] = []
afterEach(() => Promise.all(running.splice(0).map((limiter) => limiter.stop())))

function gateways(count: number, { tenantLimits = {}, shared = createMemorySharedState() } = {}): CallLimiter[] {
  const made = Array.from({ length: count }, (_, index) =>
    createCallLimiter({
      ...{ shared: patiently(shared), gateway: `gateway.${index}`, tenantLimits: () => ({ ...tenantLimits }) },
      ...{ nowMs: () => clock.nowMs, tendMs: 3_600_000 },
    }),
  )
  running.push(...made)
  return made
}

const caller = (limits?: CallLimits, tenant = 'acme', tokens = 0) => ({
  identity: { keyId: 'key_1', tenant, limits },
  tokens: () => tokens,
})

async function admitted(limiters: CallLimiter[], times: number, who: ReturnType<typeof caller>) {
  const asked = Array.from({ length: times }, async (_, index) => limiters[index % limiters.length]?.admit(who))
  const settled = await Promise.allSettled(asked)
  return {
    tickets: settled.flatMap((each): Ticket[] => (each.status === 'fulfilled' && each.value !== undefined ? [each.value] : [])),
    refusals: settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : [])),
  }
}

describe('limits that gateways share', () => {
  it('let no more requests through than a minute has, and nearly all of those, whichever gateway they come to', async () => {
    const all = gateways(3)
    const { tickets, refusals } = await admitted(all, 60, caller({ requestsPerMinute: 30 }))
    expect(tickets.length).toBeLessThanOrEqual(30)
    expect(tickets.length).toBeGreaterThanOrEqual(27)
    expect(refusals[0]).toBeInstanceOf(WeftError)
    expect(refusals[0]).toMatchObject({ code: 'rate_limit_exceeded', details: { retryAfterMs: expect.any(Number) } })
  })

  it('hold for a tenant over all its keys, and for no other tenant', async () => {
    const all = gateways(2, { tenantLimits: { requestsPerMinute: 10 } })
    expect((await admitted(all, 20, caller(undefined, 'acme'))).tickets.length).toBe(10)
    expect((await admitted(all, 5, caller(undefined, 'other'))).tickets.length).toBe(5)
  })

  it('of tenants may change while calls are let through', async () => {
    const tenantLimits: CallLimits = {}
    const all = gateways(2, { tenantLimits })
    expect((await admitted(all, 20, caller())).tickets.length).toBe(20)
    tenantLimits.requestsPerMinute = 10
    expect((await admitted(all, 20, caller())).tickets.length).toBe(10)
    delete tenantLimits.requestsPerMinute
    expect((await admitted(all, 20, caller())).tickets.length).toBe(20)
  })

  it('count the calls of before when places of tenants change', async () => {
    const tenantLimits: CallLimits = { concurrency: 4 }
    const all = gateways(1, { tenantLimits })
    const { tickets } = await admitted(all, 5, caller())
    expect(tickets).toHaveLength(4)
    tenantLimits.concurrency = 2
    expect((await admitted(all, 5, caller())).tickets).toHaveLength(0)
    for (const ticket of tickets) ticket.close()
    expect((await admitted(all, 5, caller())).tickets).toHaveLength(2)
  })

  it('count a call that waits for its place while what lies unused is given back', async () => {
    const shared = createMemorySharedState()
    const gate = Promise.withResolvers<void>()
    const slow: typeof shared = { ...shared, get: (key) => gate.promise.then(() => shared.get(key)) }
    const limiter = createCallLimiter({
      ...{ shared: patiently(slow), gateway: 'gateway.0', tenantLimits: () => ({}), nowMs: () => clock.nowMs, tendMs: 5 },
    })
    running.push(limiter)
    const first = limiter.admit(caller({ concurrency: 1 }))
    await sleep(30)
    gate.resolve()
    await first
    await sleep(0)
    const second = admitted([limiter], 1, caller({ concurrency: 1 }))
    expect((await second).refusals).toMatchObject([{ code: 'rate_limit_exceeded' }])
  })

  it('count places, and give them free when an answer is over', async () => {
    const all = gateways(2)
    const first = await admitted(all, 9, caller({ concurrency: 4 }))
    expect(first.tickets.length).toBe(4)
    expect(first.refusals[0]).toMatchObject({ message: expect.stringContaining('at once') })
    for (const ticket of first.tickets) ticket.close()
    expect((await admitted(all, 4, caller({ concurrency: 4 }))).tickets.length).toBeGreaterThanOrEqual(2)
  })

  it('count tokens as foreseen, then as they were used', async () => {
    const [limiter] = gateways(1)
    const limits = { tokensPerMinute: 1_000 }
    const first = await limiter?.admit(caller(limits, 'acme', 900))
    expect((await admitted(running, 1, caller(limits, 'acme', 500))).refusals[0]).toMatchObject({ code: 'rate_limit_exceeded' })
    first?.settle(100)
    expect(first?.headers()).toMatchObject({ 'x-ratelimit-remaining-tokens': '900' })
    expect((await admitted(running, 1, caller(limits, 'acme', 500))).tickets).toHaveLength(1)
  })

  it('refuse for good what is larger than a minute’s worth', async () => {
    const { refusals } = await admitted(gateways(1), 1, caller({ tokensPerMinute: 100 }, 'acme', 101))
    expect(refusals[0]).toMatchObject({ isRetryable: false, message: expect.stringContaining('101 tokens') })
  })

  it('fill up again with time', async () => {
    const all = gateways(2)
    const who = caller({ requestsPerMinute: 60 })
    const first = (await admitted(all, 70, who)).tickets.length
    expect(first).toBeLessThanOrEqual(60)
    clock.nowMs += 5_000
    const later = (await admitted(all, 20, who)).tickets.length
    expect(later).toBeGreaterThanOrEqual(4)
    expect(first + later).toBeLessThanOrEqual(65)
  })

  it('are told in OpenAI’s headers', async () => {
    const [limiter] = gateways(1)
    const ticket = await limiter?.admit(caller({ requestsPerMinute: 60, tokensPerMinute: 6_000 }, 'acme', 600))
    expect(ticket?.headers()).toEqual({
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-limit-tokens': '6000',
      'x-ratelimit-remaining-tokens': '5400',
      'x-ratelimit-reset-tokens': '6s',
    })
  })

  it('ask the shared state seldom: most calls are admitted without waiting', async () => {
    const shared = createMemorySharedState()
    const [limiter] = gateways(1, { shared })
    const who = caller({ requestsPerMinute: 60_000 })
    await limiter?.admit(who)
    let waited = 0
    for (let calls = 0; calls < 1_000; calls++) {
      const ticket = limiter?.admit(who)
      if (ticket instanceof Promise) waited++
      ;(await ticket)?.close()
    }
    expect(waited).toBe(0)
    expect(shared.reads).toBeLessThan(5)
  })

  it('hold within each gateway while the shared state is away', async () => {
    const shared = createMemorySharedState()
    shared.isAway = true
    const [limiter] = gateways(1, { shared })
    expect((await admitted(limiter === undefined ? [] : [limiter], 20, caller({ requestsPerMinute: 10 }))).tickets.length).toBe(
      10,
    )
  })

  it('are not new in each gateway when the shared state goes away: it counts on from what it last heard', async () => {
    const shared = createMemorySharedState()
    const all = gateways(3, { shared })
    const who = caller({ requestsPerMinute: 30 })
    const { tickets } = await admitted(all, 90, who)
    shared.isAway = true
    expect(tickets.length + (await admitted(all, 90, who)).tickets.length).toBeLessThanOrEqual(30)
  })

  it('hold within each gateway while the shared state hangs, and ask it once for all calls that come meanwhile', async () => {
    let asked = 0
    const hang = () => {
      asked += 1
      return new Promise<never>(() => undefined)
    }
    const [limiter] = gateways(1, { shared: { ...createMemorySharedState(), get: hang } })
    const callers = Array.from({ length: 50 }, (_, n) => caller({ requestsPerMinute: 10 }, `tenant ${n}`))
    for (const [n, who] of callers.entries()) await limiter?.admit({ ...who, identity: { ...who.identity, keyId: `key_${n}` } })
    // Each of them would wait for as long as a call may that nobody answers.
    expect(asked).toBeLessThan(10)
  })

  it('are tended several at once, and not all', async () => {
    const memory = createMemorySharedState()
    let under = 0
    let most = 0
    const slowly = async <T>(act: () => Promise<T>) => {
      most = Math.max(most, ++under)
      await new Promise((resolve) => setImmediate(resolve))
      return act().finally(() => under--)
    }
    const shared = {
      get: (key: string) => slowly(() => memory.get(key)),
      compareAndSet: (key: string, value: unknown, etag: string | undefined) =>
        slowly(() => memory.compareAndSet(key, value, etag)),
    }
    const limiter = createCallLimiter({ shared: patiently(shared), gateway: 'g', tenantLimits: () => ({}), tendMs: 3_600_000 })
    for (let n = 0; n < 100; n++) {
      const who = caller({ requestsPerMinute: 1_000 })
      ;(await limiter.admit({ ...who, identity: { ...who.identity, keyId: `key_${n}` } })).close()
    }
    most = 0
    await limiter.stop()
    expect(most).toBeGreaterThan(4)
    expect(most).toBeLessThanOrEqual(16)
  })

  it('ask nobody where nothing is limited', () => {
    const shared = createMemorySharedState()
    const [limiter] = gateways(1, { shared })
    expect(limiter?.admit(caller())).not.toBeInstanceOf(Promise)
    expect(shared.reads).toBe(0)
  })
})
