import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals'
import { createTestModels, type TestModels } from '../testing/test-models.ts'

let test: TestModels
beforeAll(async () => {
  jest.useFakeTimers({
    doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'],
  })
  test = await createTestModels()
})
afterAll(async () => {
  jest.useRealTimers()
  await test.stop()
})

const messages = [{ role: 'user' as const, content: 'Hello' }]
const calls = [
  ['handed through', 'openai', () => test.models.passThrough({ model: 'openai/test-model', messages })],
  ['by OpenAI’s SDK', 'openai', () => test.models.complete({ model: 'openai/test-model', messages })],
  ['by Anthropic’s SDK', 'anthropic', () => test.models.complete({ model: 'anthropic/claude-test', messages })],
] as const

it.each(calls)(
  '%s, a call half a minute after another needs no new connection; one after a longer pause does',
  async (_, server, call) => {
    const opened = async () => {
      await call()
      await isSettled()
      return test[server].connectionCount()
    }
    const first = await opened()
    await passIdle(25_000)
    expect(await opened()).toBe(first)
    await passIdle(35_000)
    expect(await opened()).toBe(first + 1)
  },
)

async function passIdle(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms)
  await isSettled()
}

/** A connection is put back, or closed, by events of its own: given time by a clock that is none of the test's. */
async function isSettled(): Promise<void> {
  await sleep(20)
}
