import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { admitCall, type BreakerState, breakerLimits, closedBreaker, dropProbe, noteOutcome } from './breaker.ts'

const failAt = (state: BreakerState, atMs: number) => noteOutcome(state, { isSuccess: false, atMs, probe: undefined })
const failTimes = (...times: number[]) => times.reduce(failAt, closedBreaker)
const open = failTimes(1_000, 2_000, 3_000, 4_000, 5_000)
const probing = (nowMs: number, owner = 'a'): BreakerState => {
  const verdict = admitCall(open, { owner, nowMs })
  if (verdict.kind !== 'probe') throw new Error(`expected a probe, got ${verdict.kind}`)
  return verdict.next
}

describe('the breaker of a model', () => {
  it('lets everything pass until the fifth failure within a minute', () => {
    expect(admitCall(failTimes(1, 2, 3, 4), { owner: 'a', nowMs: 5 })).toEqual({ kind: 'pass' })
    expect(open).toEqual({ kind: 'open', untilMs: 35_000 })
    expect(failTimes(0, 1, 2, 3, 60_000)).toMatchObject({ kind: 'closed', failuresMs: [1, 2, 3, 60_000] })
  })

  it('refuses for 30 s and says how long it still does', () => {
    expect(admitCall(open, { owner: 'a', nowMs: 10_000 })).toEqual({ kind: 'refuse', retryAfterMs: 25_000 })
  })

  it('then lets one caller try, and no other until that one has ended or died', () => {
    const tried = probing(35_000)
    expect(admitCall(tried, { owner: 'b', nowMs: 36_000 })).toMatchObject({ kind: 'refuse' })
    expect(admitCall(tried, { owner: 'b', nowMs: 35_000 + breakerLimits.probeMs })).toMatchObject({ kind: 'probe' })
    expect(admitCall(dropProbe(tried, 'a'), { owner: 'b', nowMs: 36_000 })).toMatchObject({ kind: 'probe' })
    expect(dropProbe(tried, 'b')).toBe(tried)
  })

  it('closes after two successes, and opens again at the first failure of a probe', () => {
    const once = noteOutcome(probing(35_000), { isSuccess: true, atMs: 36_000, probe: 'a' })
    expect(once).toEqual({ kind: 'half_open', successes: 1 })
    const second = admitCall(once, { owner: 'b', nowMs: 36_000 })
    if (second.kind !== 'probe') throw new Error('the second probe was refused')
    expect(noteOutcome(second.next, { isSuccess: true, atMs: 37_000, probe: 'b' })).toEqual(closedBreaker)
    expect(noteOutcome(second.next, { isSuccess: false, atMs: 37_000, probe: 'b' })).toEqual({ kind: 'open', untilMs: 67_000 })
  })

  it('waits for no time that a clock set back since has put off', () => {
    const beforeMs = 7_205_000
    const later = failTimes(...[1, 2, 3, 4, 5].map((atMs) => beforeMs + atMs))
    expect(admitCall(later, { owner: 'a', nowMs: 5_000 })).toMatchObject({ kind: 'probe' })
    expect(admitCall(probing(35_000 + 7_200_000), { owner: 'b', nowMs: 35_000 })).toMatchObject({ kind: 'probe' })
    const failed = failTimes(...[1, 2, 3, 4].map((atMs) => beforeMs + atMs))
    expect(failAt(failed, 5_000)).toMatchObject({ kind: 'closed', failuresMs: [5_000] })
  })

  it('learns nothing from calls that began before it opened', () => {
    expect(failAt(open, 6_000)).toBe(open)
    const tried = probing(35_000)
    expect(failAt(tried, 36_000)).toBe(tried)
    expect(noteOutcome(tried, { isSuccess: true, atMs: 36_000, probe: 'b' })).toBe(tried)
  })
})

type Move = { process: number; kind: 'call' | 'fail' | 'succeed' | 'refresh' | 'die'; waitMs: number }
const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    process: fc.nat(3),
    kind: fc.constantFrom('call', 'call', 'fail', 'fail', 'succeed', 'refresh', 'die'),
    waitMs: fc.oneof(fc.nat(200), fc.nat(40_000)),
  }),
  { maxLength: 120 },
)

/** Several processes with copies as old as they happen to be; only compare-and-set changes the shared state. */
function play(script: Move[], onStep: (world: World) => void): void {
  const world: World = { nowMs: 0, shared: closedBreaker, version: 0, probes: new Map() }
  const copies = Array.from({ length: 4 }, () => ({ state: closedBreaker, version: 0 }))
  const store = (copy: { state: BreakerState; version: number }, next: BreakerState): boolean => {
    const isCurrent = copy.version === world.version
    if (isCurrent && next !== world.shared) Object.assign(world, { shared: next, version: world.version + 1 })
    Object.assign(copy, { state: world.shared, version: world.version })
    return isCurrent
  }
  for (const { process, kind, waitMs } of script) {
    const copy = copies[process] ?? { state: closedBreaker, version: 0 }
    const owner = `p${process}`
    world.nowMs += waitMs
    const probe = world.probes.has(owner) ? owner : undefined
    if (kind === 'die') world.probes.delete(owner)
    if (kind === 'refresh') Object.assign(copy, { state: world.shared, version: world.version })
    if (kind === 'call' && probe === undefined) {
      const verdict = admitCall(copy.state, { owner, nowMs: world.nowMs })
      if (verdict.kind === 'probe' && store(copy, verdict.next)) world.probes.set(owner, world.nowMs)
    }
    if (kind === 'fail' || kind === 'succeed') {
      const outcome = { isSuccess: kind === 'succeed', atMs: world.nowMs, probe }
      while (!store(copy, noteOutcome(copy.state, outcome)));
      world.probes.delete(owner)
    }
    onStep(world)
  }
}

interface World {
  nowMs: number
  shared: BreakerState
  version: number
  /** Since when a process tries. */
  probes: Map<string, number>
}

it('never has two callers trying at once, whatever copies the processes hold', () => {
  fc.assert(
    fc.property(moves, (script) => {
      play(script, ({ probes, nowMs }) => {
        const live = [...probes.values()].filter((sinceMs) => nowMs < sinceMs + breakerLimits.probeMs)
        expect(live.length).toBeLessThanOrEqual(1)
      })
    }),
    { interruptAfterTimeLimit: 10_000 },
  )
})

it('keeps no more failures than open it', () => {
  fc.assert(
    fc.property(moves, (script) => {
      play(script, ({ shared }) => {
        if (shared.kind === 'closed') expect(shared.failuresMs.length).toBeLessThan(breakerLimits.failuresMax)
      })
    }),
    { interruptAfterTimeLimit: 10_000 },
  )
})
