import { afterEach, beforeEach, expect, it, jest } from '@jest/globals'
import { createWatches, type Membership, type Watches } from './watches.ts'

/** A store and a scheduler that hosts share. */
function sharedWorld() {
  return { notes: new Map<string, unknown>(), armed: new Set<string>(), armCount: 0, schedulerIsAway: false }
}

let running: Watches[] = []
beforeEach(() => {
  jest.useFakeTimers()
})
afterEach(() => {
  jest.useRealTimers()
  for (const watches of running) watches.stop()
  running = []
})

function hostIn(world = sharedWorld(), hasOwnClock = false) {
  const clock = { nowMs: 0 }
  const settled: string[] = []
  const kept: string[] = []
  const lost = new Set<string>()
  const watches = createWatches({
    state: {
      readNote: async (key, schema) => (world.notes.has(key) ? schema.parse(world.notes.get(key)) : undefined),
      dropNote: async (key) => {
        world.notes.delete(key)
      },
    },
    reminders: {
      async arm(id) {
        if (world.schedulerIsAway) throw new Error('away')
        world.armed.add(id)
        world.armCount += 1
      },
      disarm: async (id) => {
        world.armed.delete(id)
      },
    },
    async settle(actorId) {
      if (lost.has(actorId)) throw new Error('not now')
      settled.push(actorId)
    },
    async keep(actorId) {
      if (lost.has(actorId)) throw new Error('not now')
      kept.push(actorId)
    },
    onProblem: () => {},
    ...(hasOwnClock ? {} : { nowMs: () => clock.nowMs }),
    settleAfterMs: 300,
  })
  running.push(watches)
  /** As a commit does: the note is there with it. */
  const commit = ({ note }: Membership) => {
    world.notes.set(note.key, JSON.parse(JSON.stringify(note.value)))
  }
  const begin = async (actorId: string) => {
    const membership = watches.join(actorId)
    commit(membership)
    await membership.armed
    return membership
  }
  return { watches, world, clock, settled, kept, lost, commit, begin }
}

const untilSettled = () => jest.advanceTimersByTimeAsync(400)
const onlyOf = (ids: Set<string>) => [...ids][0] ?? ''

it('sessions that begin together cost one reminder, and leave nothing behind once they have ended', async () => {
  const { world, settled, begin } = hostIn()
  const memberships = await Promise.all(['a', 'b', 'c'].map(begin))
  for (const membership of memberships) membership.leave()
  await untilSettled()
  expect(world).toMatchObject({ armCount: 1, notes: new Map(), armed: new Set() })
  expect(settled).toEqual([])
})

it('a session that is still at work has a reminder of its own before its watch ends', async () => {
  const { world, settled, lost, begin } = hostIn()
  await begin('short').then((membership) => membership.leave())
  await begin('long')
  await begin('unlucky')
  lost.add('unlucky')
  await untilSettled()
  expect(settled).toEqual(['long'])
  expect(world.armed.size).toBe(1)
  lost.clear()
  await jest.advanceTimersByTimeAsync(1_100)
  expect(settled).toEqual(['long', 'unlucky'])
  expect(world.armed.size).toBe(0)
})

it('sessions of a host that is gone are woken where their watch is heard, all of them or again', async () => {
  const gone = hostIn()
  for (const actorId of ['a', 'b', 'c']) await gone.begin(actorId)
  gone.watches.stop()
  const other = hostIn(gone.world)
  other.lost.add('b')
  const id = onlyOf(gone.world.armed)
  await expect(other.watches.actors.remind(id, 'watch')).rejects.toThrow()
  expect(gone.world.notes.size).toBe(1)
  other.lost.clear()
  expect(await other.watches.actors.remind(id, 'watch')).toBe('cancel')
  expect(new Set(other.kept)).toEqual(new Set(['a', 'b', 'c']))
  expect(gone.world.notes.size).toBe(0)
})

it('all are woken also where the commit of one that joined early is the last', async () => {
  const gone = hostIn()
  const [early, late] = [gone.watches.join('early'), gone.watches.join('late')]
  gone.commit(late)
  gone.commit(early)
  await late.armed
  const other = hostIn(gone.world)
  await other.watches.actors.remind(onlyOf(gone.world.armed), 'watch')
  expect(new Set(other.kept)).toEqual(new Set(['early', 'late']))
})

it('a session that begins again in the same watch is in it, though it is told late that the first turn has left', async () => {
  const { settled, begin } = hostIn()
  const first = await begin('a')
  await begin('a')
  first.leave()
  await untilSettled()
  expect(settled).toEqual(['a'])
})

it('a watch that has begun to end is not counted on, whatever the clock says', async () => {
  const { begin } = hostIn()
  const membership = await begin('a')
  await untilSettled()
  expect(membership.isOver()).toBe(true)
})

it('a commit that arrives after its watch has ended leaves a note that goes by itself, long after anybody could still hear it', async () => {
  const { watches, world, commit } = hostIn()
  const late = watches.join('late')
  late.leave()
  await untilSettled()
  expect(world.armed.size).toBe(0)
  commit(late)
  const [note] = world.notes.keys()
  expect(note).toBe(late.note.key)
  const day = 86_400
  expect(late.note.ttlSeconds).toBeGreaterThanOrEqual(7 * day)
  expect(late.note.ttlSeconds).toBeLessThanOrEqual(31 * day)
})

it('nobody joins a watch that may be heard before they are committed', async () => {
  const { world, clock, begin } = hostIn()
  const first = await begin('a')
  expect(first.isOver()).toBe(false)
  clock.nowMs = 600
  await begin('b')
  expect(world.armCount).toBe(2)
  expect(first.isOver()).toBe(true)
})

it('a session is not accepted before its watch beats', async () => {
  const { watches, world } = hostIn()
  world.schedulerIsAway = true
  let isArmed = false
  const { armed } = watches.join('a')
  void armed.then(() => {
    isArmed = true
  })
  await jest.advanceTimersByTimeAsync(1_000)
  expect(isArmed).toBe(false)
  world.schedulerIsAway = false
  await jest.advanceTimersByTimeAsync(1_000)
  await armed
})

it('a watch grows old, and nobody joins it any more, also when the clock is set back', async () => {
  const { begin, world } = hostIn(sharedWorld(), true)
  const membership = await begin('early')
  jest.setSystemTime(Date.now() - 7_200_000)
  await jest.advanceTimersByTimeAsync(1_000)
  await begin('late')
  expect([membership.isOver(), world.armCount]).toEqual([true, 2])
})
