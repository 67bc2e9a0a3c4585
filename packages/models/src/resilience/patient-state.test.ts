import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { createPatientState } from './patient-state.ts'

const slow = { get: () => sleep(250, { value: 1, etag: '1' }), compareAndSet: async () => true }

it('takes a state for away that is slower than its asker wants, and asks it no more for a while', async () => {
  const state = createPatientState(slow, () => 0)
  await expect(state.get('key')).rejects.toThrow('no answer within 150 ms')
  expect(state.isAway()).toBe(true)
  await expect(state.compareAndSet('key', 2, '1')).rejects.toThrow('did not answer just now')
})

it('waits longer where its asker would rather wait than go on alone', async () => {
  expect(await createPatientState(slow, () => 0, 60_000).get('key')).toEqual({ value: 1, etag: '1' })
})

it('asks it again at once when the clock was set back meanwhile', async () => {
  let nowMs = 7_200_000
  const state = createPatientState(slow, () => nowMs)
  await expect(state.get('key')).rejects.toThrow('no answer within 150 ms')
  nowMs = 0
  expect(state.isAway()).toBe(false)
  expect(await state.compareAndSet('key', 2, '1')).toBe(true)
})
