import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createFolder } from './create-folder.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'weft-create-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('creates what is missing, closed to other users, and leaves alone what is there', () => {
  const path = join(folder, 'a', 'b', 'c')
  createFolder(path)
  createFolder(path)
  expect(statSync(path).mode & 0o777).toBe(0o700)
})

it('refuses a place in which nothing can be made, at once', () => {
  expect(() => createFolder('/proc/weft/data')).toThrow('/proc/weft')
})

it('refuses a file in the way', () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect(() => createFolder(file)).toThrow('EEXIST')
  expect(() => createFolder(join(file, 'data'))).toThrow(/ENOTDIR|EEXIST/)
})
