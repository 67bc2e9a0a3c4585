import { setImmediate } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { createHeartbeat } from './heartbeat.ts'

function reminderThat(fails: { times: number } = { times: 0 }) {
  const calls: string[] = []
  const call = async (name: string) => {
    await setImmediate()
    calls.push(name)
    if (fails.times-- > 0) throw new Error('the scheduler is away')
  }
  const watch = () => {
    calls.push('watch')
    const membership = {
      note: { key: 'watch', value: {}, ttlSeconds: 60 },
      armed: Promise.resolve(),
      leave: () => calls.push('leave'),
    }
    return { ...membership, isOver: () => world.isOver }
  }
  const world = { isOver: false }
  return {
    calls,
    world,
    watch,
    arm: () => call('arm'),
    armAt: (atMs: number) => call(`armAt ${atMs}`),
    disarm: () => call('disarm'),
  }
}

async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await setImmediate()
}

it('is armed once for as long as it beats', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  await Promise.all([heartbeat.ensureArmed(), heartbeat.ensureArmed()])
  await heartbeat.ensureArmed()
  expect(reminder.calls).toEqual(['arm'])
})

it('sleeps until the next deadline, set once, and beats again when there is work', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  await heartbeat.ensureArmed()
  heartbeat.sleepUntil(5_000)
  heartbeat.sleepUntil(5_000)
  await heartbeat.ensureArmed()
  expect(reminder.calls).toEqual(['arm', 'armAt 5000', 'arm'])
})

it('that could not be put to sleep is put to sleep again at its next beat', async () => {
  const reminder = reminderThat({ times: 1 })
  const heartbeat = createHeartbeat(reminder)
  heartbeat.sleepUntil(5_000)
  await settle()
  heartbeat.noteBeat()
  heartbeat.sleepUntil(5_000)
  await settle()
  expect(reminder.calls).toEqual(['armAt 5000', 'armAt 5000'])
})

it('ends once, and is armed only after its end is through', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  heartbeat.end()
  heartbeat.end()
  await heartbeat.ensureArmed()
  expect(reminder.calls).toEqual(['disarm', 'arm'])
})

it('that ends while it is being armed is armed again when there is work', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  const first = heartbeat.armOwnReminder()
  heartbeat.end()
  const second = heartbeat.armOwnReminder()
  await Promise.all([first, second])
  expect(reminder.calls).toEqual(['arm', 'disarm', 'arm'])
})

it('is not taken to beat on by an arming, or a beat, that comes through while it ends', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  const armed = heartbeat.armOwnReminder()
  heartbeat.end()
  await armed
  heartbeat.noteBeat()
  await settle()
  await heartbeat.ensureArmed()
  expect(reminder.calls).toEqual(['arm', 'disarm', 'arm'])
})

it('of a new session that ends while a watch has it never costs a reminder', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  heartbeat.noteNew()
  heartbeat.joinWatch()
  await heartbeat.ensureArmed()
  expect(heartbeat.joinWatch()).toBeUndefined()
  heartbeat.end()
  await settle()
  expect(reminder.calls).toEqual(['watch', 'leave'])
})

it('is a reminder of its own once the watch is over', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  heartbeat.joinWatch()
  reminder.world.isOver = true
  await heartbeat.ensureArmed()
  expect(heartbeat.joinWatch()).toBeUndefined()
  expect(reminder.calls).toEqual(['watch', 'arm'])
})

it('leaves its watch for a deadline only once that is armed', async () => {
  const reminder = reminderThat({ times: 1 })
  const heartbeat = createHeartbeat(reminder)
  heartbeat.noteNew()
  heartbeat.joinWatch()
  heartbeat.sleepUntil(5_000)
  await settle()
  expect(reminder.calls).toEqual(['watch', 'armAt 5000'])
  heartbeat.sleepUntil(5_000)
  await settle()
  expect(reminder.calls).toEqual(['watch', 'armAt 5000', 'armAt 5000', 'leave'])
})

it('is covered again when what it was to be committed with was not written', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  heartbeat.joinWatch()
  heartbeat.invalidate()
  expect(heartbeat.joinWatch()).toBeDefined()
})
