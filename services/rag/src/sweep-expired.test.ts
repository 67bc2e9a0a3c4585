import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { createExpirySweep } from './sweep-expired.ts'

const nothing = { stores: 0, files: 0, isMoreDue: false }

it('sweeps follow each other while more is due, come again by themselves, also after one that failed, and end when stopped', async () => {
  const told: string[] = []
  const logger = { info: () => told.push('removed'), warn: () => told.push('failed') }
  const rounds = [{ stores: 20, files: 0, isMoreDue: true }, { ...nothing, files: 1 }, new Error('no database'), nothing]
  let swept = 0
  const remove = async () => {
    const round = rounds[swept++] ?? nothing
    if (round instanceof Error) throw round
    return round
  }
  const sweep = createExpirySweep({ remove, logger, everyMs: 1 })
  sweep.start()
  while (swept < 6) await sleep(1)
  await sweep.stop()
  const before = swept
  await sleep(10)
  expect(swept).toBe(before)
  expect(told).toEqual(['removed', 'removed', 'failed'])
})
