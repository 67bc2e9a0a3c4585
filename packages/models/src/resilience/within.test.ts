import { stat } from 'node:fs/promises'
import { expect, it } from '@jest/globals'
import { within } from './within.ts'

it('takes an answer that has come in time, although this process was too busy to look', async () => {
  const answer = within(
    20,
    stat(import.meta.filename).then(() => 'answered'),
    () => 'late',
  )
  for (const untilMs = performance.now() + 200; performance.now() < untilMs; );
  expect(await answer).toBe('answered')
})

it('goes on without what takes longer', async () => {
  expect(await within(1, new Promise<string>(() => undefined), () => 'late')).toBe('late')
})
