import { expect, it } from '@jest/globals'
import type { SessionInput } from './core/session-state.ts'
import { DrivenSession } from './core/testing.ts'
import { createSessionEffects } from './session-effects.ts'

/** Effects of which only the erasure does anything. */
function effectsOver(eraseRows: () => Promise<void>, written: () => Promise<void>) {
  const applied: SessionInput[] = []
  const problems: string[] = []
  const effects = createSessionEffects({
    plans: { prepare() {}, request() {} },
    attempts: { start() {}, abort() {} },
    replies: { send() {}, stop: async () => {} },
    eventLog: { append() {}, queuedCount: () => 0, written, stop: async () => {} },
    children: { visit() {}, call() {} },
    erase: eraseRows,
    onProblem: (what) => problems.push(what),
    apply: async (_actorId, input) => void applied.push(input),
    check: async (_state, input) => input,
    peek: () => undefined,
  })
  return { effects, applied, problems }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

it('a deletion that waits for the log is not begun again by every beat, and is once it has failed', async () => {
  const { state } = new DrivenSession()
  const logged = Promise.withResolvers<void>()
  let erasures = 0
  const { effects, applied, problems } = effectsOver(
    async () => {
      erasures += 1
      if (erasures === 1) throw new Error('the database is away')
    },
    () => logged.promise,
  )
  for (let beat = 0; beat < 3; beat += 1) effects.erase('acme.s1', state)
  effects.erase('acme.s2', state)
  await settled()
  expect(erasures).toBe(0)
  logged.resolve()
  await settled()
  expect([erasures, applied.length, problems.length]).toEqual([2, 1, 1])
  effects.erase('acme.s1', state)
  await settled()
  expect([erasures, applied.length]).toEqual([3, 2])
})
