import { expect, it } from '@jest/globals'
import { ignoredChatFields } from './ignored-fields.ts'

const body = { model: 'x/y', messages: [], temperature: 0.2, seed: 3, logit_bias: { 1: 2 }, metadata: null }
const model = { id: 'x/y', provider: 'x', priceKnown: true }

it('names what a translated wire leaves out, sampling too where the model takes none', () => {
  expect(ignoredChatFields(body, { ...model, isTranslated: true })).toEqual(['temperature', 'seed', 'logit_bias'])
  expect(ignoredChatFields(body, { ...model, isTranslated: true, capabilities: ['sampling'] })).toEqual(['seed', 'logit_bias'])
})

it.each([
  ['\n\n', ['stop']],
  [['END', ' '], ['stop']],
  [['END', 'a b'], []],
])('names stop where some of it is white space alone: %j', (stop, ignored) => {
  expect(ignoredChatFields({ model: 'x/y', stop }, { ...model, isTranslated: true })).toEqual(ignored)
})

it('names nothing of a body that is handed on', () => {
  expect(ignoredChatFields(body, model)).toEqual([])
})
