import { expect, it } from '@jest/globals'
import { createPatience } from './patience.ts'
import { WeftError } from './problem.ts'

const away = new WeftError('dependency_unavailable', 'the database is not reachable')

/** Fails so often, then answers. */
function failing(times: number, problem: Error) {
  let asked = 0
  const ask = async () => {
    asked += 1
    if (asked <= times) throw problem
    return asked
  }
  return { ask, asked: () => asked }
}

it('what is away for a moment is waited for', async () => {
  expect(await createPatience(5_000)(failing(1, away).ask)).toBe(2)
})

it('patience is used up over all that is asked with it', async () => {
  const patiently = createPatience(900)
  await patiently(failing(1, away).ask)
  const { ask, asked } = failing(1, away)
  await expect(patiently(ask)).rejects.toBe(away)
  expect(asked()).toBe(1)
})

it.each([new WeftError('timeout', 'too slow'), new Error('a defect')])(
  'what fails otherwise (%s) is not asked again',
  async (problem) => {
    const { ask, asked } = failing(1, problem)
    await expect(createPatience(5_000)(ask)).rejects.toBe(problem)
    expect(asked()).toBe(1)
  },
)
