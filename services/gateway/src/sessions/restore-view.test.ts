import { expect, it } from '@jest/globals'
import { type SessionEvent, WeftError } from '@weft/contracts'
import { place, turnOf, viewOf } from '../testing/turns.ts'
import { restoreView } from './restore-view.ts'

/** Turns of three events each. */
function eventsOf(turnCount: number): SessionEvent[] {
  const types = ['turn.accepted', 'plan.ready', 'turn.completed'] as const
  return Array.from({ length: turnCount * types.length }, (_, index) => {
    const turn = 1 + Math.floor(index / types.length)
    return { at: '2026-01-01T00:00:00Z', sessionId: place.sessionId, turn, seq: index + 1, type: types[index % 3] ?? types[0] }
  })
}

/** Turns of two events each, told a few events at a time. */
function logOf(turnCount: number) {
  const events = Array.from({ length: turnCount }, (_, index) => index + 1).flatMap((turn): SessionEvent[] => {
    const event = { at: '2026-01-01T00:00:00Z', sessionId: place.sessionId, turn }
    return [
      { ...event, seq: turn * 2 - 1, type: 'turn.accepted', model: 'weft/logged' },
      { ...event, seq: turn * 2, type: 'turn.completed' },
    ]
  })
  const read: number[] = []
  return {
    read,
    async eventsAfter(_session: unknown, after: number) {
      read.push(after)
      return events.filter(({ seq }) => seq > after).slice(0, 4)
    },
  }
}

function keeping(...turns: number[]) {
  return viewOf({}, { lastSeq: 60, turns: turns.map((turn) => turnOf({ turn, model: 'weft/kept' })) })
}

const ask = (log: Parameters<typeof restoreView>[0], view: ReturnType<typeof keeping>) =>
  restoreView(log, place, { view, summary: undefined })

it('tells all turns of a session that keeps its newest only', async () => {
  const log = logOf(30)
  const view = await ask(log, keeping(...Array.from({ length: 20 }, (_, index) => index + 11)))
  expect(view.turns.map(({ turn }) => turn)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
  expect(view.turns.map(({ model }) => model)).toEqual([
    ...Array.from({ length: 10 }, () => 'weft/logged'),
    ...Array.from({ length: 20 }, () => 'weft/kept'),
  ])
  expect(log.read).toEqual([0, 4, 8, 12, 16])
})

it('tells the turns of before a session was compacted, and those between two it keeps', async () => {
  expect((await ask(logOf(3), keeping(4))).turns.map(({ turn }) => turn)).toEqual([1, 2, 3, 4])
  const view = await ask(logOf(4), keeping(1, 4))
  expect(view.turns.map(({ turn, model }) => [turn, model])).toEqual([
    [1, 'weft/kept'],
    [2, 'weft/logged'],
    [3, 'weft/logged'],
    [4, 'weft/kept'],
  ])
})

it('does not read the log of a session that keeps all its turns', async () => {
  const log = logOf(2)
  expect((await ask(log, keeping(1, 2))).turns).toHaveLength(2)
  expect(log.read).toEqual([])
})

it('tells what the session keeps while the log is away', async () => {
  const away = async () => Promise.reject(new WeftError('dependency_unavailable', 'the database is away'))
  const view = await ask({ eventsAfter: away }, keeping(4))
  expect([view.turns.map(({ turn }) => turn), view.hasMoreTurns]).toEqual([[4], true])
})

it('says that turns are left out of a session with more events than are read, and calls none of them running that was read in part', async () => {
  const log = { eventsAfter: async (_session: unknown, after: number) => eventsOf(4_000).slice(after, after + 500) }
  const view = viewOf({}, { lastSeq: 12_000, turns: [] })
  const { turns, status, hasMoreTurns } = await restoreView(log, place, { view, summary: undefined })
  expect([turns.length, status, hasMoreTurns]).toEqual([3_333, 'completed', true])
})
