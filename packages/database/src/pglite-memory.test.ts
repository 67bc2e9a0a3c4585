import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { sharedBuffersMb } from './pglite-memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'weft-pglite-memory-'))
afterAll(() => rmSync(folder, { recursive: true }))

it.each([
  [24, 32],
  [132, 108],
  [4_000, 256],
])('keeps of %d MB stored %d MB in memory', (storedMb, keptMb) => {
  mkdirSync(join(folder, 'base', '5'), { recursive: true })
  const file = join(folder, 'base', '5', '16384')
  writeFileSync(file, '')
  truncateSync(file, storedMb * 1_048_576)
  expect(sharedBuffersMb(folder)).toBe(keptMb)
})

it('keeps the least of a database that is new, or in memory', () => {
  expect(sharedBuffersMb(join(folder, 'none'))).toBe(32)
  expect(sharedBuffersMb(undefined)).toBe(32)
})
