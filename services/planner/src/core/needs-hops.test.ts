import { expect, it } from '@jest/globals'
import { needsHops } from './needs-hops.ts'

it.each([
  'Who was the first president of the association which published Journal of Psychotherapy Integration?',
  "How many Publix stores are in the state that borders the east of the state where Hello Love's performer lived?",
  'Who is the spouse of Big Eye’s main director?',
  'What country was the author of Brand a citizen of?',
])('a question that asks by way of what it does not name takes several passages: %s', (question) => {
  expect(needsHops(question)).toBe(true)
})

it.each([
  'How deep is the Baltic Sea?',
  'Who wrote Hamlet?',
  'What is the refund policy?',
  'Sildenafil improves erectile function in men who experience dysfunction as a result of the use of antidepressants.',
  `What is meant by this: ${'the state where it is '.repeat(40)}?`,
  '',
])('a plain question, a statement and a long text do not: %s', (question) => {
  expect(needsHops(question)).toBe(false)
})
