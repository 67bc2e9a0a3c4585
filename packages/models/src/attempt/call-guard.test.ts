import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { defaultTimeouts, guardCall, patienceWith } from './call-guard.ts'

it('lets a model say how long it may be silent, then its provider, then what holds for all', () => {
  const patience = patienceWith(defaultTimeouts, { firstTokenMs: 5_000, betweenTokensMs: 6_000 }, { firstTokenMs: 7_000 })
  expect(patience).toEqual({ ...defaultTimeouts, firstTokenMs: 7_000, betweenTokensMs: 6_000 })
})

it('blames no model for the time that its reader takes, and gives up one that falls silent after it', async () => {
  const guard = guardCall({ firstMs: 20, betweenMs: 20, what: 'acme/m' })
  guard.touch()
  guard.handOver()
  await sleep(100)
  expect(guard.reason()).toBeUndefined()
  guard.touch()
  await once(guard.signal, 'abort')
  expect(guard.reason()).toMatchObject({ code: 'timeout' })
})
