import { expect, it } from '@jest/globals'
import { createHeartbeat } from './heartbeat.ts'

function reminderThat(fails: { times: number } = { times: 0 }) {
  const calls: string[] = []
  const call = async (name: string) => {
    await new Promise((resolve) => setTimeout(resolve, 2))
    calls.push(name)
    if (fails.times-- > 0) throw new Error('the scheduler is away')
  }
  return { calls, arm: () => call('arm'), armAt: (atMs: number) => call(`armAt ${atMs}`), disarm: () => call('disarm') }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 20))

it('is armed once for as long as it beats', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  await Promise.all([heartbeat.ensure(), heartbeat.ensure()])
  await heartbeat.ensure()
  expect(reminder.calls).toEqual(['arm'])
})

it('sleeps until the next deadline, set once, and beats again when there is work', async () => {
  const reminder = reminderThat()
  const heartbeat = createHeartbeat(reminder)
  await heartbeat.ensure()
  heartbeat.sleepUntil(5_000)
  heartbeat.sleepUntil(5_000)
  await heartbeat.ensure()
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
  await heartbeat.ensure()
  expect(reminder.calls).toEqual(['disarm', 'arm'])
})
