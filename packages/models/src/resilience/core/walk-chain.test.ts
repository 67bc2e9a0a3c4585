import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { type AttemptFailure, nextStep, type WalkLimits, walkWaits } from './walk-chain.ts'

const passing: AttemptFailure = { isWorthAnother: true, isPassing: true, retryAfterMs: undefined }
const lasting: AttemptFailure = { ...passing, isPassing: false }
const hopeless: AttemptFailure = { isWorthAnother: false, isPassing: false, retryAfterMs: undefined }
const limits: WalkLimits = { candidates: 2, attemptsMax: 3, repeats: true }

describe('a chain of models', () => {
  it('begins with the wished one, and goes on to the next at once', () => {
    expect(nextStep([], limits, 0)).toEqual({ kind: 'try', candidate: 0, waitMs: 0 })
    expect(nextStep([lasting], limits, 1)).toEqual({ kind: 'try', candidate: 1, waitMs: 0 })
  })

  it('ends at a failure that is the request’s own', () => {
    expect(nextStep([hopeless], limits, 0)).toEqual({ kind: 'give_up' })
  })

  it('comes back to a model after a wait, when that may help and is asked for', () => {
    expect(nextStep([passing, passing], limits, 0)).toEqual({ kind: 'try', candidate: 0, waitMs: walkWaits.firstMs / 2 })
    expect(nextStep([lasting, passing], limits, 0)).toEqual({ kind: 'give_up' })
    expect(nextStep([passing, passing], { ...limits, repeats: false }, 0)).toEqual({ kind: 'give_up' })
  })

  it('waits no shorter than a provider asks, and not at all for one that asks for too long', () => {
    const asking = (retryAfterMs: number) => [{ ...passing, retryAfterMs }]
    const alone = { ...limits, candidates: 1 }
    expect(nextStep(asking(2_000), alone, 0)).toMatchObject({ waitMs: 2_000 })
    expect(nextStep(asking(walkWaits.asksMsMax + 1), alone, 0)).toEqual({ kind: 'give_up' })
  })
})

const failure = fc.record({
  isWorthAnother: fc.boolean(),
  isPassing: fc.boolean(),
  retryAfterMs: fc.option(fc.nat(20_000), { nil: undefined }),
})

it('never makes more attempts than it may, tries each model before any again, and bounds every wait', () => {
  const anyLimits = fc.record({
    candidates: fc.integer({ min: 1, max: 3 }),
    attemptsMax: fc.integer({ min: 1, max: 6 }),
    repeats: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(failure, { minLength: 10, maxLength: 10 }),
      anyLimits,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, bounds, jitter) => {
        const tried: number[] = []
        for (const each of failures.keys()) {
          const step = nextStep(failures.slice(0, each), bounds, jitter)
          if (step.kind === 'give_up') break
          tried.push(step.candidate)
          expect(step.waitMs).toBeLessThanOrEqual(walkWaits.asksMsMax * 1.1)
        }
        expect(tried.length).toBeLessThanOrEqual(bounds.attemptsMax)
        expect(new Set(tried).size).toBe(Math.min(tried.length, bounds.candidates))
      },
    ),
  )
})
