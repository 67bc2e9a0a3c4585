import { describe, expect, it } from '@jest/globals'
import type { SessionEvent } from '@weft/contracts'
import { eventItem, place, textItem } from '../testing/turns.ts'
import { followEvents } from './follow-events.ts'
import { createReplyHub } from './reply-hub.ts'

function setUp(types: SessionEvent['type'][]) {
  const events = types.map(
    (type, index): SessionEvent => ({ seq: index + 1, at: '2026-01-01T00:00:00Z', type, sessionId: 'sess_1', turn: 1 }),
  )
  const count = (isCounted: (event: SessionEvent) => boolean) => events.filter(isCounted).length
  const log = {
    eventsAfter: async (_session: unknown, seq: number, limit: number) =>
      events.filter((event) => event.seq > seq).slice(0, limit),
    tail: async () => ({
      lastSeq: events.length,
      openTurns:
        count(({ type }) => type === 'turn.accepted') - count(({ type }) => /^turn\.(completed|failed|cancelled)$/.test(type)),
    }),
  }
  const hub = createReplyHub()
  const abort = new AbortController()
  let turnsBegun = 0
  const follow = (
    more: { afterSeq?: number; expectedSeq?: number | Promise<number>; isFollowing?: boolean; idleFirstMs?: number } = {},
  ) =>
    followEvents({
      session: place,
      log,
      inbox: hub.follow(place),
      afterSeq: 0,
      isFollowing: false,
      signal: abort.signal,
      ...more,
      expectedSeq: Promise.resolve(more.expectedSeq ?? 0),
      onTurn: () => {
        turnsBegun += 1
      },
    })
  const append = (type: SessionEvent['type']) =>
    events.push({ seq: events.length + 1, at: '2026-01-01T00:00:00Z', type, sessionId: 'sess_1', turn: 1 })
  return { follow, append, hub, abort, turns: () => turnsBegun }
}

async function idsOf(messages: AsyncIterable<{ id?: number }>): Promise<(number | undefined)[]> {
  const ids: (number | undefined)[] = []
  for await (const { id } of messages) ids.push(id)
  return ids
}

describe('following a session', () => {
  it('sends every stored event once, in order, and ends with the turn', async () => {
    const { follow } = setUp(['turn.accepted', 'plan.ready', 'step.succeeded', 'turn.completed'])
    expect(await idsOf(follow())).toEqual([1, 2, 3, 4])
  })

  it('sends what is in the log while its session cannot be asked, and ends only once it can', async () => {
    const { follow, append } = setUp(['turn.accepted', 'turn.completed'])
    const expectedSeq = Promise.withResolvers<number>()
    const messages = follow({ expectedSeq: expectedSeq.promise })
    expect([(await messages.next()).value?.id, (await messages.next()).value?.id]).toEqual([1, 2])
    const more = messages.next()
    append('turn.accepted')
    expect((await more).value?.id).toBe(3)
    append('turn.completed')
    expect((await messages.next()).value?.id).toBe(4)
    const end = messages.next()
    expect(await Promise.race([end, new Promise((resolve) => setTimeout(() => resolve('open'), 20))])).toBe('open')
    expectedSeq.resolve(4)
    expect(await end).toMatchObject({ done: true })
  })

  it('lets its reader go while its session cannot be asked', async () => {
    const { follow, abort } = setUp(['turn.accepted'])
    const messages = follow({ expectedSeq: new Promise(() => {}) })
    await messages.next()
    const end = messages.next()
    abort.abort()
    expect(await end).toMatchObject({ done: true })
  })

  it('says of every turn that it has begun', async () => {
    const { follow, turns } = setUp(['turn.accepted', 'turn.completed', 'turn.accepted', 'turn.completed'])
    await idsOf(follow())
    expect(turns()).toBe(2)
  })

  it('resumes after the last event its reader has, even at the very end', async () => {
    const { follow } = setUp(['turn.accepted', 'plan.ready', 'turn.completed'])
    expect(await idsOf(follow({ afterSeq: 2 }))).toEqual([3])
    expect(await idsOf(follow({ afterSeq: 3 }))).toEqual([])
  })

  it('pages through a long log', async () => {
    const { follow } = setUp(['turn.accepted', ...Array.from({ length: 998 }, () => 'step.progress' as const), 'turn.failed'])
    expect(await idsOf(follow())).toHaveLength(1_000)
  })

  it('waits for an event that was announced and is not yet stored, and hands live text on', async () => {
    const { follow, append, hub } = setUp(['turn.accepted'])
    setTimeout(() => {
      hub.deliver({ items: [textItem(0, 'live'), eventItem(2, 'turn.completed')] })
      setTimeout(() => append('turn.completed'), 10)
    }, 20)
    expect(await idsOf(follow({ idleFirstMs: 3_600_000 }))).toEqual([1, undefined, 2])
  })

  it('does not end before the log has caught up with the session', async () => {
    const { follow, append } = setUp(['turn.accepted', 'turn.completed'])
    setTimeout(() => {
      append('turn.accepted')
      append('turn.cancelled')
    }, 50)
    expect(await idsOf(follow({ expectedSeq: 3 }))).toEqual([1, 2, 3, 4])
  })

  it('stays after the end when asked to, until its reader leaves', async () => {
    const { follow, append, abort } = setUp(['turn.accepted', 'turn.completed'])
    const messages = follow({ isFollowing: true })
    expect([(await messages.next()).value?.id, (await messages.next()).value?.id]).toEqual([1, 2])
    const more = messages.next()
    append('turn.accepted')
    expect((await more).value?.id).toBe(3)
    const end = messages.next()
    abort.abort()
    expect(await end).toMatchObject({ done: true })
  })
})
