import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { readFaults } from './fault-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'weft-faults-'))
const elsewhere = mkdtempSync(join(tmpdir(), 'weft-real-'))
const file = join(folder, 'faults.json')
writeFileSync(file, JSON.stringify({ crashes: { 'before-commit': 0.5 } }))
afterAll(() => {
  for (const each of [folder, elsewhere]) rmSync(each, { recursive: true })
})

it('breaks nothing unless it is told to', () => {
  expect(readFaults({ WEFT_DATA: folder })).toBeUndefined()
})

it('breaks the mesh in whose data folder the faults lie', () => {
  expect(readFaults({ WEFT_DATA: folder, WEFT_FAULTS: file })).toMatchObject({
    crashes: { 'before-commit': 0.5 },
    dropsHints: false,
  })
})

it('refuses to start another mesh with them', () => {
  for (const WEFT_DATA of [elsewhere, undefined]) {
    expect(() => readFaults({ WEFT_DATA, WEFT_FAULTS: file })).toThrow(/WEFT_FAULTS breaks a mesh on purpose/)
  }
})
