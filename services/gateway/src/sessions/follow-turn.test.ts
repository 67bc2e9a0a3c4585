import { describe, expect, it } from '@jest/globals'
import { type SessionView, WeftError } from '@weft/contracts'
import type { TurnOutput } from '../core/turn-output.ts'
import { answerOf, endItem, eventItem, place, plan, textItem, viewOf } from '../testing/turns.ts'
import { followTurn } from './follow-turn.ts'
import { createReplyHub } from './reply-hub.ts'

function setUp(view: () => SessionView) {
  const hub = createReplyHub()
  const abort = new AbortController()
  const clock = { aheadMs: 0 }
  const looks = { count: 0 }
  /** Nothing ever arrives, and waiting takes no time of the test's own. */
  const silently = {
    nowMs: () => clock.aheadMs,
    inbox: {
      take: () => [],
      wait: async (ms: number) => {
        clock.aheadMs += ms
      },
      close: () => undefined,
    },
  }
  const sessions = {
    async view() {
      looks.count += 1
      return view()
    },
  }
  const options = {
    session: place,
    turn: 1,
    inbox: hub.follow(place),
    sessions,
    isPauseEnd: true,
    isStreamed: true,
    tellsSearch: 'nothing' as const,
    decided: new Set<string>(),
    isRepeat: false,
    signal: abort.signal,
  }
  return { hub, abort, clock, looks, options, silently }
}

async function collect(outputs: AsyncIterable<TurnOutput>): Promise<TurnOutput[]> {
  const all: TurnOutput[] = []
  for await (const output of outputs) all.push(output)
  return all
}

const notFound = () => {
  throw new WeftError('not_found', 'no such session')
}

describe('following a turn', () => {
  it('never asks the session while replies suffice', async () => {
    const { hub, looks, options } = setUp(notFound)
    const outputs = collect(followTurn(options))
    hub.deliver({ items: [eventItem(1, 'turn.accepted'), eventItem(2, 'plan.ready', { plan }), textItem(0, 'Hi')] })
    setTimeout(() => hub.deliver({ items: [textItem(2, ' all'), endItem('completed', answerOf('Hi all'))] }), 10)
    expect((await outputs).flatMap((output) => (output.type === 'text' ? [output.delta] : []))).toEqual(['Hi', ' all'])
    expect(looks.count).toBe(0)
  })

  it('asks at once when its end came without the answer', async () => {
    const { looks, options, silently, clock } = setUp(() =>
      viewOf({ status: 'completed', plan, answer: answerOf('Long answer.') }),
    )
    const items = [endItem('completed')]
    const inbox = { ...silently.inbox, take: () => items.splice(0) }
    const outputs = await collect(followTurn({ ...options, ...silently, inbox }))
    expect(outputs.at(-1)).toMatchObject({ type: 'end', end: { answer: { text: 'Long answer.' } } })
    expect(looks.count).toBe(1)
    expect(clock.aheadMs).toBeLessThan(50)
  })

  it('asks at once for a repeated request: its turn may have ended long ago', async () => {
    const { options, silently, clock } = setUp(() => viewOf({ status: 'completed', plan, answer: answerOf('As before.') }))
    expect((await collect(followTurn({ ...options, ...silently, isRepeat: true }))).at(-1)).toMatchObject({ type: 'end' })
    expect(clock.aheadMs).toBe(0)
  })

  it('keeps asking a session that is away for a while', async () => {
    let looks = 0
    const { options, silently } = setUp(() => {
      looks += 1
      if (looks < 4) throw new WeftError('dependency_unavailable', 'restarting')
      return viewOf({ status: 'completed', plan, answer: answerOf('Back.') })
    })
    const outputs = await collect(followTurn({ ...options, ...silently }))
    expect(outputs.at(-1)).toMatchObject({ type: 'end', end: { answer: { text: 'Back.' } } })
  })

  it('asks a silent session after two seconds, then less and less often', async () => {
    const { options, silently, clock } = setUp(() => {
      askedAtMs.push(clock.aheadMs)
      return askedAtMs.length < 6 ? viewOf() : viewOf({ status: 'cancelled' })
    })
    const askedAtMs: number[] = []
    await collect(followTurn({ ...options, ...silently }))
    expect(askedAtMs.map((ms, index) => Math.round((ms - (askedAtMs[index - 1] ?? 0)) / 1_000))).toEqual([2, 3, 4, 5, 5, 5])
  })

  it('gives up on a session that cannot be read for a minute, naming it', async () => {
    const { options, silently } = setUp(() => {
      throw new WeftError('dependency_unavailable', 'down')
    })
    await expect(collect(followTurn({ ...options, ...silently }))).rejects.toMatchObject({
      code: 'dependency_unavailable',
      isRetryable: false,
      message: expect.stringContaining('sess_1'),
    })
  })

  it('stops when its reader leaves', async () => {
    const { abort, options } = setUp(() => viewOf())
    setTimeout(() => abort.abort(), 20)
    expect(await collect(followTurn(options))).toEqual([])
  })
})
