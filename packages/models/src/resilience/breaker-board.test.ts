import { describe, expect, it } from '@jest/globals'
import { failureOf } from '../testing/collect-events.ts'
import { createMemoryState, type MemoryState } from '../testing/memory-state.ts'
import { createBreakerBoard, type SharedBreakers } from './breaker-board.ts'

const model = 'acme/ill'
const openMs = 30_000

interface Clock {
  nowMs: number
}

function boards(count: number, shared: MemoryState | undefined, clock: Clock): SharedBreakers[] {
  return Array.from({ length: count }, () => createBreakerBoard({ shared, nowMs: () => clock.nowMs }))
}

async function fail(board: SharedBreakers, times: number): Promise<void> {
  const admitted = await Promise.all(Array.from({ length: times }, () => board.admit(model)))
  for (const admission of admitted) admission.failed('upstream_error')
  await board.settled()
}

const admit = async (board: SharedBreakers) => board.admit(model)
const refusal = { code: 'model_unavailable', isRetryable: true }

describe('breakers of several processes', () => {
  it('open for all of them after five failures, wherever those were seen', async () => {
    const clock = { nowMs: 1_000_000 }
    const [a, b, c] = boards(3, createMemoryState(), clock)
    if (a === undefined || b === undefined || c === undefined) throw new Error('three boards')
    await Promise.all([fail(a, 2), fail(b, 1)])
    await fail(c, 2)
    clock.nowMs += 200
    for (const board of [a, b, c])
      expect(await failureOf(admit(board))).toMatchObject({ ...refusal, retryAfterMs: expect.any(Number) })
  })

  it('are heard of by all also after the clock was set back', async () => {
    const clock = { nowMs: 7_200_000 }
    const [a, b] = boards(2, createMemoryState(), clock)
    if (a === undefined || b === undefined) throw new Error('two boards')
    await admit(b)
    clock.nowMs = 1_000_000
    await fail(a, 5)
    expect(await failureOf(admit(b))).toMatchObject(refusal)
  })

  it('stay closed for failures that are rare among a busy model’s answers, and open when it is gone', async () => {
    const clock = { nowMs: 1_000_000 }
    const [a, b] = boards(2, createMemoryState(), clock)
    if (a === undefined || b === undefined) throw new Error('two boards')
    for (let calls = 0; calls < 600; calls++) {
      clock.nowMs += 50
      const admission = await a.admit(model)
      if (calls % 30 === 0) admission.failed('upstream_error')
      else admission.succeeded()
      await a.settled()
    }
    expect(a.stateOf(model)).toBe('closed')
    await fail(a, 5)
    clock.nowMs += 200
    expect(await failureOf(admit(b))).toMatchObject(refusal)
  })

  it('let exactly one caller of all try, and close after two that succeeded', async () => {
    const clock = { nowMs: 1_000_000 }
    const all = boards(3, createMemoryState({ delayMs: 1 }), clock)
    await fail(all[0] ?? createBreakerBoard(), 5)
    for (let successes = 0; successes < 2; successes++) {
      clock.nowMs += successes === 0 ? openMs : 200
      const tried = await Promise.allSettled([...all, ...all, ...all].map(admit))
      const admitted = tried.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      expect(admitted).toHaveLength(1)
      admitted[0]?.succeeded()
      await Promise.all(all.map((board) => board.settled()))
    }
    clock.nowMs += 200
    expect((await Promise.allSettled(all.map(admit))).every(({ status }) => status === 'fulfilled')).toBe(true)
  })

  it('say that a model may be tried again once its time is over, so that a router that leaves out open ones comes back to it', async () => {
    const clock = { nowMs: 1_000_000 }
    const [board = createBreakerBoard()] = boards(1, createMemoryState(), clock)
    await fail(board, 5)
    expect(board.stateOf(model)).toBe('open')
    clock.nowMs += openMs
    expect(board.stateOf(model)).toBe('half_open')
  })

  it('open again for all when the one that tried has failed, and let another try when it was called off', async () => {
    const clock = { nowMs: 1_000_000 }
    const [a, b] = boards(2, createMemoryState(), clock)
    if (a === undefined || b === undefined) throw new Error('two boards')
    await fail(a, 5)
    clock.nowMs += openMs
    const calledOff = await a.admit(model)
    calledOff.abandoned()
    await a.settled()
    clock.nowMs += 200
    const second = await b.admit(model)
    second.failed('timeout')
    await b.settled()
    clock.nowMs += 200
    expect(await failureOf(admit(a))).toMatchObject(refusal)
  })

  it('stay closed for failures that are the request’s, and for calls that were given up', async () => {
    const [board = createBreakerBoard()] = boards(1, createMemoryState(), { nowMs: 1 })
    for (const code of ['invalid_request', 'context_length_exceeded', 'content_filter', 'cancelled', 'model_not_found'] as const)
      for (let times = 0; times < 5; times++) (await board.admit(model)).failed(code)
    await board.settled()
    expect(board.stateOf(model)).toBe('closed')
  })

  it('hear one end of a call only', async () => {
    const [board = createBreakerBoard()] = boards(1, createMemoryState(), { nowMs: 1 })
    const admission = await board.admit(model)
    for (let times = 0; times < 9; times++) admission.failed('timeout')
    await board.settled()
    expect(board.stateOf(model)).toBe('closed')
  })
})

describe('a process and the shared state', () => {
  it('looks at it once in 100 ms however many calls are made, and decides without waiting', async () => {
    const clock = { nowMs: 1_000_000 }
    const shared = createMemoryState()
    const [board = createBreakerBoard()] = boards(1, shared, clock)
    await board.admit(model)
    for (let calls = 0; calls < 1_000; calls++) {
      clock.nowMs += 1
      expect(board.admit(model)).not.toBeInstanceOf(Promise)
      await board.settled()
    }
    expect(shared.reads()).toBeLessThanOrEqual(11)
    clock.nowMs += 200
    expect(board.admit(model)).toBeInstanceOf(Promise)
  })

  it('decides by what it knew while that is slow to answer, and by what it says once it has', async () => {
    const clock = { nowMs: 1_000_000 }
    const shared = createMemoryState()
    const [a = createBreakerBoard(), b = createBreakerBoard()] = boards(2, shared, clock)
    await b.admit(model)
    await fail(a, 5)
    clock.nowMs += 200
    shared.hold()
    await expect(admit(b)).resolves.toBeDefined()
    shared.go()
    await b.settled()
    expect(await failureOf(admit(b))).toMatchObject(refusal)
  })

  it('goes on by itself while it is away or silent, and opens its own breaker', async () => {
    for (const trouble of ['away', 'silent'] as const) {
      const clock = { nowMs: 1_000_000 }
      const shared = createMemoryState()
      shared.trouble(trouble)
      const [board = createBreakerBoard()] = boards(1, shared, clock)
      await fail(board, 5)
      expect(await failureOf(admit(board))).toMatchObject(refusal)
      clock.nowMs += openMs
      const tried = await Promise.allSettled([admit(board), admit(board)])
      expect(tried.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    }
  })

  it('knows of its own failures before they are stored', async () => {
    const [board = createBreakerBoard()] = boards(1, createMemoryState({ delayMs: 1 }), { nowMs: 1_000_000 })
    const admitted = await Promise.all(Array.from({ length: 5 }, () => board.admit(model)))
    for (const admission of admitted) admission.failed('upstream_error')
    expect(await failureOf(admit(board))).toMatchObject(refusal)
    await board.settled()
  })

  it('is not misled by what was read before its own failures were stored, and comes later', async () => {
    const clock = { nowMs: 1_000_000 }
    const shared = createMemoryState()
    const late = Promise.withResolvers<void>()
    let isLate = false
    const get = async (key: string) => {
      const found = await shared.get(key)
      if (!isLate) return found
      isLate = false
      return late.promise.then(() => found)
    }
    const board = createBreakerBoard({ shared: { ...shared, get }, nowMs: () => clock.nowMs })
    await fail(board, 4)
    clock.nowMs += 100
    isLate = true
    const fifth = await board.admit(model)
    fifth.failed('upstream_error')
    const stored = async () => JSON.stringify(await shared.get(`breaker/${model}`))
    while (!(await stored()).includes('open')) await new Promise(setImmediate)
    late.resolve()
    await board.settled()
    expect(await failureOf(admit(board))).toMatchObject(refusal)
  })

  it('tells of failures it saw while that was away as soon as it is back', async () => {
    const clock = { nowMs: 1_000_000 }
    const shared = createMemoryState()
    const [a, b] = boards(2, shared, clock)
    if (a === undefined || b === undefined) throw new Error('two boards')
    await fail(a, 3)
    shared.trouble('away')
    await fail(a, 2)
    shared.trouble(undefined)
    clock.nowMs += 1_000
    expect(await failureOf(admit(a))).toMatchObject(refusal)
    await a.settled()
    clock.nowMs += 200
    expect(await failureOf(admit(b))).toMatchObject(refusal)
  })

  it('reports all of many failures at once, whoever else writes', async () => {
    const clock = { nowMs: 1_000_000 }
    const all = boards(4, createMemoryState({ delayMs: 1 }), clock)
    await Promise.all(all.map((board) => fail(board, 1)))
    clock.nowMs += 200
    await Promise.all(all.map(admit))
    expect(all.map((board) => board.stateOf(model))).toEqual(Array.from(all, () => 'closed'))
    await fail(all[0] ?? createBreakerBoard(), 1)
    clock.nowMs += 200
    expect((await Promise.allSettled(all.map(admit))).every(({ status }) => status === 'rejected')).toBe(true)
  })

  it('takes what it cannot read for a closed breaker', async () => {
    const shared = createMemoryState()
    await shared.compareAndSet(`breaker/${model}`, { kind: 'from the future' }, undefined)
    const [board = createBreakerBoard()] = boards(1, shared, { nowMs: 1 })
    await board.admit(model)
    await fail(board, 5)
    expect(board.stateOf(model)).toBe('open')
  })
})
