import { expect, it } from '@jest/globals'
import type { Condition } from '@weft/contracts'
import { DrivenSession } from './testing.ts'

function runsUnder(when: Omit<Condition, 'step'>): boolean {
  const session = new DrivenSession()
  session.run([{ stepId: 'look' }, { stepId: 'answer', dependsOn: ['look'], when: { step: 'look', ...when } }])
  session.succeed('look', { items: [{ score: 0.7 }], text: 'yes' })
  return session.statusOf('answer') === 'dispatched'
}

it('a condition compares what stands at a path', () => {
  expect(runsUnder({ path: 'items.0.score', above: 0.5 })).toBe(true)
  expect(runsUnder({ path: 'items.0.score', below: 0.5 })).toBe(false)
  expect(runsUnder({ path: 'text', equals: 'yes' })).toBe(true)
})

it.each([
  'constructor',
  '__proto__',
  'constructor.constructor',
  'items.length.constructor',
  'text.length',
  'items.map',
  'process.exit(1)',
  '=1+1',
  '{{ text }}',
])('a path is a path and no code: nothing stands at %s', (path) => {
  expect(runsUnder({ path })).toBe(false)
})
