import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { watchLauncher } from './launcher-watch.mjs'

async function countCalls(env) {
  let parent = 10
  let callCount = 0
  const stop = watchLauncher(() => (callCount += 1), { env, parentId: () => parent, lookEveryMs: 5 })
  await delay(30)
  expect(callCount).toBe(0)
  parent = 1
  await delay(50)
  stop()
  return callCount
}

it('tells once that the npm which started this is gone', async () => {
  expect(await countCalls({ npm_lifecycle_event: 'start' })).toBe(1)
})

it('lets a start without npm outlive its shell', async () => {
  expect(await countCalls({})).toBe(0)
})
