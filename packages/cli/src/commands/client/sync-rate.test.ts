import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { createSyncRate } from './sync-rate.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-rate-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('tells how long tokens take by what the last large sync into that mesh measured', async () => {
  const rate = createSyncRate(folder, 'http://127.0.0.1:8000')
  expect(await rate.secondsFor(1_000)).toBeUndefined()
  await rate.note({ tokens: 20_000, durationMs: 10_000 })
  expect(await rate.secondsFor(1_000)).toBe(0.5)
  await rate.note({ tokens: 10, durationMs: 10_000 })
  expect(await rate.secondsFor(1_000)).toBe(0.5)
  expect(await createSyncRate(folder, 'http://127.0.0.1:9000').secondsFor(1_000)).toBeUndefined()
})

it('goes without what was damaged, and measures anew', async () => {
  await writeFile(join(folder, 'rates.json'), '{"http')
  const rate = createSyncRate(folder, 'http://127.0.0.1:8000')
  expect(await rate.secondsFor(1_000)).toBeUndefined()
  await rate.note({ tokens: 20_000, durationMs: 10_000 })
  expect(await rate.secondsFor(1_000)).toBe(0.5)
})
