import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { CallControls, CallEnd, CallFacts } from '../attempt/call-controls.ts'
import { ModelError } from '../model-error.ts'
import type { PassThroughAnswer } from '../pass-through.ts'
import { failureOf } from '../testing/collect-events.ts'
import { createTestModels, type TestModels } from '../testing/test-models.ts'
import { createHedging } from './hedging.ts'
import { runChain } from './run-chain.ts'

let test: TestModels
afterEach(() => test?.stop())

const first = 'openai/test-model'
const second = 'anthropic/claude-test'
const ask = { model: first, messages: [{ role: 'user' as const, content: 'Hello' }], stream: true }
const late = (until: Promise<unknown>) => ({ kind: 'text' as const, chunks: ['Late.'], until })
const silent = { kind: 'stall' as const, chunks: [] }

type Ended = Pick<CallFacts, 'callId' | 'firstCallId' | 'attempt'> & { model: string; outcome: CallEnd['outcome'] }

/** Models that hedge, have answered just often enough to know how long that takes, so that none was hedged yet, and note what is reserved and recorded. */
async function open(settings: Record<string, string> = { WEFT_HEDGING: 'on' }, mayReserve = (_facts: CallFacts) => true) {
  const ended: Ended[] = []
  let held = 0
  let heldMost = 0
  const controls: CallControls = {
    budgets: {
      reserve(facts) {
        if (!mayReserve(facts)) throw new ModelError('budget_exceeded', 'no room')
        heldMost = Math.max(heldMost, ++held)
        return { settle: () => void held--, release: () => void held-- }
      },
    },
    ledger: {
      begin: ({ callId, firstCallId, attempt, model: { id } }) => ({
        end: ({ outcome }) => void ended.push({ callId, firstCallId, attempt, model: id, outcome }),
      }),
    },
  }
  test = await createTestModels(settings, { controls })
  for (let n = 0; n < 20; n++) await textOf(await test.models.passThrough(ask))
  ended.length = 0
  const untilEnded = async (count: number) => {
    while (ended.length < count) await sleep(5)
  }
  return { ended, untilEnded, held: () => held, heldMost: () => heldMost }
}

async function textOf(answer: PassThroughAnswer): Promise<string> {
  if (answer.kind === 'body') return answer.body
  let text = ''
  for await (const piece of answer.chunks) text += piece
  return text
}

describe('a stream that is slow to begin', () => {
  it('is asked for a second time, of the next model; the first is cancelled, and both are reserved for and in the ledger', async () => {
    const { ended, held, heldMost } = await open()
    test.openai.script(silent)
    const told: string[] = []
    const text = await textOf(await test.models.passThrough(ask, { fallbacks: [second], onModel: (model) => told.push(model) }))
    expect(text).toContain(`"model":"${second}"`)
    expect(told).toEqual([first, second])
    await test.openai.sawAborts(1)
    expect(ended).toMatchObject([
      { model: first, attempt: 1, outcome: { kind: 'cancelled' } },
      { model: second, attempt: 2, outcome: { kind: 'completed' }, firstCallId: ended[0]?.callId },
    ])
    expect([heldMost(), held()]).toEqual([2, 0])
  })

  it('is asked for of the same model where there is no other, by a step as by a client', async () => {
    const { ended } = await open()
    test.openai.script(silent, { kind: 'text', chunks: ['Quick.'] })
    let attempts = 0
    const onAttempt = () => void attempts++
    expect(await test.models.complete({ model: first, messages: ask.messages }, { onAttempt })).toMatchObject({ text: 'Quick.' })
    expect(attempts).toBe(2)
    await test.openai.sawAborts(1)
    expect(ended.map(({ outcome }) => outcome.kind).toSorted()).toEqual(['cancelled', 'completed'])
  })

  it('goes on when the second attempt fails, or finds no room in a budget', async () => {
    const { ended, untilEnded } = await open()
    test.openai.script(late(untilEnded(1)), { kind: 'error', status: 500 })
    const told: string[] = []
    expect(await textOf(await test.models.passThrough(ask, { onModel: (model) => told.push(model) }))).toContain('Late.')
    expect(told).toEqual([first])
    expect(ended.map(({ outcome }) => outcome.kind)).toEqual(['failed', 'completed'])
    await test.stop()
    const refused = Promise.withResolvers<void>()
    const poor = await open({ WEFT_HEDGING: 'on' }, ({ attempt }) => {
      if (attempt > 1) refused.resolve()
      return attempt === 1
    })
    test.openai.script(late(refused.promise))
    expect(await textOf(await test.models.passThrough(ask))).toContain('Late.')
    expect(poor.ended.map(({ outcome }) => outcome.kind)).toEqual(['completed'])
  })

  it('uses up two attempts when both fail, and no third is made beyond what is left', async () => {
    await open()
    const before = test.openai.requests.length
    test.openai.script({ kind: 'unfinished', chunks: [] }, { kind: 'error', status: 500 })
    test.openai.script({ kind: 'error', status: 500 })
    await failureOf(test.models.passThrough(ask, { attemptsMax: 1 }))
    expect(test.openai.requests.length - before).toBe(1)
  })

  it.each<[string, Record<string, string>, object]>([
    ['hedging is off', {}, {}],
    ['the answer comes as a whole', { WEFT_HEDGING: 'on' }, { stream: false }],
  ])('is waited for when %s', async (_, settings, more) => {
    await open(settings)
    const before = test.openai.requests.length
    test.openai.script({ kind: 'text', chunks: ['Late.'], delayMs: 100 })
    await textOf(await test.models.passThrough({ ...ask, ...more }))
    expect(test.openai.requests.length - before).toBe(1)
  })
})

it('a second attempt that budgets have no room for is none: the next model is asked when the first one has failed', async () => {
  const refused = Promise.withResolvers<void>()
  const begun: [string, number][] = []
  const hedging = { ...createHedging(), waitMsOf: () => 0, spend: () => true }
  const answer = await runChain(
    { chain: ['a', 'b'], attemptsMax: 2, repeats: false, hedging },
    {
      async begin({ model, follows: { attempt }, isBeside }) {
        begun.push([model, attempt])
        if (isBeside) {
          refused.resolve()
          throw new ModelError('budget_exceeded', 'no room', { isRetryable: false })
        }
        if (attempt > 1) return `by ${model}`
        await refused.promise
        throw new ModelError('upstream_error', 'it fell over', { isRetryable: true })
      },
      drop: () => undefined,
    },
  )
  expect(answer).toBe('by b')
  expect(begun).toEqual([
    ['a', 1],
    ['b', 2],
    ['b', 2],
  ])
})

describe('when a second attempt is made', () => {
  it('waits as long as 19 of 20 answers took, and not before it has seen 20', () => {
    const hedging = createHedging()
    for (let ms = 1; ms <= 19; ms++) hedging.answered('m', ms)
    expect(hedging.waitMsOf('m')).toBeUndefined()
    hedging.answered('m', 1_000)
    expect(hedging.waitMsOf('m')).toBe(1_000)
    for (let n = 0; n < 200; n++) hedging.answered('m', 5)
    expect([hedging.waitMsOf('m'), hedging.waitMsOf('other')]).toEqual([5, undefined])
  })

  it('takes an attempt that was outlasted for as slow as it was waited for: else a slow twentieth would be forgotten, and the wait get ever shorter', () => {
    const hedging = createHedging()
    for (let n = 0; n < 90; n++) hedging.answered('m', 5)
    for (let n = 0; n < 10; n++) hedging.outlasted('m', 50)
    expect(hedging.waitMsOf('m')).toBe(50)
  })

  it('makes one for ten answers at most, and saves up no more than ten', () => {
    const hedging = createHedging()
    const spent = () => {
      let count = 0
      while (hedging.spend()) count += 1
      return count
    }
    expect(spent()).toBe(1)
    for (let n = 0; n < 41; n++) hedging.answered('m', 5)
    expect(spent()).toBe(4)
    for (let n = 0; n < 1_000; n++) hedging.answered('m', 5)
    expect(spent()).toBe(10)
  })
})
