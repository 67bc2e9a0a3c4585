import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type LeaseWish, leasePortion, type Portion, slotsHeldMs, untouchedLimits, waitMsFor } from './lease-portion.ts'

const nothing: Portion = { requests: 0, tokens: 0, slots: 0 }
const limits = { requestsPerMinute: 60, tokensPerMinute: 6_000, concurrency: 4 }
const wish = (more: Partial<LeaseWish> = {}): LeaseWish => ({
  limits,
  gateway: 'a',
  nowMs: 1_000_000,
  left: nothing,
  wish: { requests: 10, tokens: 1_000, slots: 2 },
  ...more,
})

describe('a portion of limits that gateways share', () => {
  it('is taken from what is left for all, and no more than that', () => {
    const first = leasePortion(untouchedLimits, wish())
    expect(first.granted).toEqual({ requests: 10, tokens: 1_000, slots: 2 })
    expect(first.level).toEqual({ requests: 50, tokens: 5_000, slots: 2 })
    const rest = leasePortion(first.shared, wish({ gateway: 'b', wish: { requests: 99, tokens: 9_999, slots: 9 } }))
    expect(rest.granted).toEqual({ requests: 50, tokens: 5_000, slots: 2 })
  })

  it('fills up with time, to one minute’s worth at most', () => {
    const empty = leasePortion(untouchedLimits, wish({ wish: { requests: 60, tokens: 6_000, slots: 0 } })).shared
    expect(leasePortion(empty, wish({ nowMs: 1_002_000 })).granted).toMatchObject({ requests: 2, tokens: 200 })
    expect(leasePortion(empty, wish({ nowMs: 9_000_000, wish: nothing })).level).toMatchObject({ requests: 60, tokens: 6_000 })
  })

  it('is given back where it was not used, and owed where more was', () => {
    const { shared } = leasePortion(untouchedLimits, wish())
    expect(leasePortion(shared, wish({ left: { requests: 10, tokens: -500, slots: 2 }, wish: nothing })).level).toMatchObject({
      requests: 60,
      tokens: 4_500,
    })
  })

  it('returns the places of a gateway that is no longer heard of', () => {
    const { shared } = leasePortion(untouchedLimits, wish({ wish: { ...nothing, slots: 4 } }))
    expect(leasePortion(shared, wish({ gateway: 'b' })).granted.slots).toBe(0)
    expect(leasePortion(shared, wish({ gateway: 'b', nowMs: 1_000_000 + slotsHeldMs })).granted.slots).toBe(2)
  })

  it('fills up, and frees the places of the dead, also after clocks were set back', () => {
    const { shared } = leasePortion(untouchedLimits, wish({ wish: { requests: 60, tokens: 6_000, slots: 4 } }))
    const setBackMs = 1_000_000 - 7_200_000
    const first = leasePortion(shared, wish({ gateway: 'b', nowMs: setBackMs })).shared
    expect(leasePortion(first, wish({ gateway: 'b', nowMs: setBackMs + 10_000 })).granted).toEqual({
      requests: 10,
      tokens: 1_000,
      slots: 2,
    })
  })

  it('limits nothing that has no limit', () => {
    expect(leasePortion(untouchedLimits, wish({ limits: {} })).granted.requests).toBe(Number.POSITIVE_INFINITY)
  })

  it('tells how long until there is enough', () => {
    expect(waitMsFor(1, 0.5, 60)).toBe(500)
    expect(waitMsFor(1, 1, 60)).toBe(0)
  })
})

it('never grants more in all than a minute’s worth and what has filled up since', () => {
  const step = fc.record({
    gateway: fc.constantFrom('a', 'b', 'c'),
    waitMs: fc.nat(5_000),
    wish: fc.nat(80),
    used: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let shared = untouchedLimits
      let nowMs = 1_000_000
      let used = 0
      const held = new Map<string, Portion>()
      for (const each of steps) {
        nowMs += each.waitMs
        const left = held.get(each.gateway) ?? nothing
        const wished = { requests: each.wish, tokens: 0, slots: each.wish % 6 }
        const lease = leasePortion(shared, wish({ gateway: each.gateway, nowMs, left, wish: wished }))
        shared = lease.shared
        const spent = Math.floor(lease.granted.requests * each.used)
        used += spent
        held.set(each.gateway, { ...lease.granted, requests: lease.granted.requests - spent })
        const slots = Object.values(shared.slots).filter(({ untilMs }) => untilMs > nowMs)
        expect(slots.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(limits.concurrency)
        expect(used).toBeLessThanOrEqual(
          limits.requestsPerMinute + ((nowMs - 1_000_000) / 60_000) * limits.requestsPerMinute + 1e-6,
        )
      }
    }),
  )
})
