import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { type FingerprintedFile, fingerprintFile, unsettledMtimeMs } from './fingerprint-file.ts'
import type { FoundFile, SkippedPath } from './walk-paths.ts'

let folder: string
let file: FoundFile

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-fingerprint-'))
  const absolutePath = join(folder, 'a.md')
  file = { kind: 'file', absolutePath, root: folder, path: 'a.md', sizeBytes: 1, mtimeMs: 1, ctimeMs: 1 }
})
afterEach(() => rm(folder, { recursive: true }))

const read = (now = Date.now) => fingerprintFile(file, { fileBytesMax: 100_000_000, now })
/** Reads the file while something happens to it each time its size was noted and its content is about to be read; answers how often too. */
async function readWhile(happens: (reads: number) => unknown): Promise<[FingerprintedFile | SkippedPath, number]> {
  let reads = 0
  const limits = {
    now: Date.now,
    get fileBytesMax() {
      happens(++reads)
      return 100_000_000
    },
  }
  return [await fingerprintFile(file, limits), reads]
}
const twoSecondsOn = () => Date.now() + 2_500

it('notes the size and times of what was read, not of what was found before', async () => {
  await writeFile(file.absolutePath, 'some words')
  const { mtimeMs, ctimeMs } = await stat(file.absolutePath)
  expect(await read(twoSecondsOn)).toMatchObject({
    kind: 'file',
    sizeBytes: 10,
    mtimeMs: Math.floor(mtimeMs),
    ctimeMs: Math.floor(ctimeMs),
  })
})

it('does not take the time of a young file for settled, even when it says it is old', async () => {
  await writeFile(file.absolutePath, 'some words')
  expect(await read()).toMatchObject({ mtimeMs: unsettledMtimeMs })
  await utimes(file.absolutePath, 1_700_000_000, 1_700_000_000)
  expect(await read()).toMatchObject({ mtimeMs: unsettledMtimeMs })
  expect(await read(twoSecondsOn)).toMatchObject({ mtimeMs: 1_700_000_000_000 })
})

it('reads a file again that changes while it is read', async () => {
  await writeFile(file.absolutePath, 'some words')
  expect(await readWhile((reads) => reads === 1 && appendFileSync(file.absolutePath, 'more'))).toEqual([
    expect.objectContaining({ kind: 'file', sizeBytes: 14 }),
    2,
  ])
})

it('names a file that never keeps still as an error, and leaves what is known of it', async () => {
  await writeFile(file.absolutePath, 'some words')
  expect(await readWhile(() => appendFileSync(file.absolutePath, 'x'))).toEqual([
    expect.objectContaining({ kind: 'skipped', reason: 'changed while it was read, 3 times', isKept: true }),
    3,
  ])
})

it('does not wait for a pipe that took the place of a file', async () => {
  execFileSync('mkfifo', [file.absolutePath])
  expect(await read()).toMatchObject({ kind: 'skipped', reason: 'not a regular file' })
})

it('estimates the tokens of text by its letters, and of documents by their size', async () => {
  await writeFile(file.absolutePath, 'words '.repeat(1_000))
  expect(await read()).toMatchObject({ tokens: 1_500 })
  await writeFile(file.absolutePath, '潮'.repeat(1_000))
  expect(await read()).toMatchObject({ tokens: 500 })
  await writeFile(file.absolutePath, Buffer.concat([Buffer.from('%PDF-'), Buffer.alloc(39_995)]))
  file.path = 'a.pdf'
  expect(await read()).toMatchObject({ tokens: 1_000 })
})
