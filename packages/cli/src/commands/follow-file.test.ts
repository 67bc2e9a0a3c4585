import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { followFile } from './follow-file.ts'

let folder: string
let path: string
let shown: string[]
let stop: () => void
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weft-follow-'))
  path = join(folder, 'a.log')
  shown = []
  writeFileSync(path, 'said before\n')
  stop = await followFile(path, (added) => void shown.push(added.toString()), { pollMs: 10 })
})
afterEach(() => {
  stop()
  rmSync(folder, { recursive: true })
})

async function expectShown(text: string): Promise<void> {
  while (shown.join('').length < text.length) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(shown.join('')).toBe(text)
}

it('shows what is added, also to a file that took its place', async () => {
  appendFileSync(path, 'one\n')
  await expectShown('one\n')
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'two\n')
  await expectShown('one\ntwo\n')
})

it('goes on when the file was emptied while its writer kept it open', async () => {
  appendFileSync(path, 'one\n')
  await expectShown('one\n')
  truncateSync(path)
  appendFileSync(path, 'two\n')
  await expectShown('one\ntwo\n')
})
