import { expect, it } from '@jest/globals'
import { runChaos, sum } from './chaos/run-chaos.ts'

const short = { atOnce: 24, killsWanted: 40, secondsMax: 25 }
const nobodyDies = { atOnce: 24, killsWanted: 1, secondsMax: 6 }

// These two run at once: the turns of the first wait for reminders most of the time.
it.concurrent('reminders alone bring every turn to its end, with all other hints dropped', async () => {
  const run = await runChaos({ ...nobodyDies, meanPasses: undefined, handicap: 'deaf' })
  expect([...run.faults, ...run.effectFaults]).toEqual([])
  expect(run.completed).toBe(run.accepted)
  expect(run.decided).toBeGreaterThan(0)
})

it.concurrent('processes that kill themselves at every point lose no turn, double no effect, and leave no gap in a log', async () => {
  const run = await runChaos({ ...short, meanPasses: 150 })
  expect(run.faults).toEqual([])
  expect(run.effectFaults).toEqual([])
  expect(run.completed).toBe(run.accepted)
  expect(run.readInPieces).toBeGreaterThan(0)
  expect(sum(run.kills)).toBeGreaterThan(0)
})

it('stores, sidecars, placement and the scheduler may be killed, restarted and frozen meanwhile', async () => {
  const run = await runChaos({ ...short, atOnce: 8, meanPasses: undefined, freezeMs: 3_000 })
  expect([...run.faults, ...run.effectFaults]).toEqual([])
  expect(run.completed).toBe(run.accepted)
  expect(sum(run.disturbances)).toBeGreaterThan(0)
})

it('sessions that are put away after every turn of their actor end like any other', async () => {
  const run = await runChaos({ ...nobodyDies, meanPasses: undefined, handicap: 'evict' })
  expect([...run.faults, ...run.effectFaults]).toEqual([])
  expect(run.completed).toBe(run.accepted)
  expect(run.decided).toBeGreaterThan(0)
})
