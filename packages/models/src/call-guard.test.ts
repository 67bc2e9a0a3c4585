import { expect, it } from '@jest/globals'
import { defaultTimeouts, patienceWith } from './call-guard.ts'

it('lets a model say how long it may be silent, then its provider, then what holds for all', () => {
  const patience = patienceWith(defaultTimeouts, { firstTokenMs: 5_000, betweenTokensMs: 6_000 }, { firstTokenMs: 7_000 })
  expect(patience).toEqual({ ...defaultTimeouts, firstTokenMs: 7_000, betweenTokensMs: 6_000 })
})
