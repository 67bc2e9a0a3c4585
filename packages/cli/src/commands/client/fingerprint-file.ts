import { isZipDocument } from './zip-document.ts'
import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { estimateTokens } from './estimate-tokens.ts'
import { type FoundFile, reasonUnread, type SkippedPath, skipped, unreadable } from './walk-paths.ts'

/** A file with its hash. `mtimeMs` is {@link unsettledMtimeMs} for a file so young that it may change again without getting a new time. */
export type FingerprintedFile = FoundFile & { sha256: string; tokens: number }

/**
 * A file that was changed this shortly before it was read may be changed again within the same tick of the file system's clock, and would then look the same. Two
 * seconds is the coarsest clock (FAT). Its noted time never counts as settled, so the next run reads it again, as git does (racy-git in its documentation).
 */
export const settledAfterMs = 2_000
export const unsettledMtimeMs = -1

/** git's own test for binary content: a zero byte among the first 8,000 (buffer_is_binary in xdiff-interface.c). */
const sniffedBytes = 8_000
const readBufferBytes = 262_144

/** How often a file is read again because it changed while it was read. */
const readsMax = 3

type Limits = { fileBytesMax: number; now: () => number }

/**
 * Reads a file in pieces for its hash. A binary, empty or vanished file is skipped, and so is one that cannot be read, or that changes during every reading; the
 * reasons of these last two are errors.
 */
export async function fingerprintFile(file: FoundFile, limits: Limits): Promise<FingerprintedFile | SkippedPath> {
  try {
    for (let reads = 0; reads < readsMax; reads++) {
      // So that a pipe in the place of the file does not make this wait.
      const handle = await open(file.absolutePath, constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        const result = await readOnce(handle, file, limits)
        if (result !== 'changed') return result
      } finally {
        await handle.close()
      }
    }
    return skipped(file.absolutePath, `changed while it was read, ${readsMax} times`, { isKept: true })
  } catch (error) {
    return unreadable(file.absolutePath, reasonUnread(error))
  }
}

async function readOnce(
  handle: FileHandle,
  file: FoundFile,
  limits: Limits,
): Promise<FingerprintedFile | SkippedPath | 'changed'> {
  const readAtMs = limits.now()
  const before = await handle.stat()
  if (!before.isFile()) return skipped(file.absolutePath, 'not a regular file')
  const read = await hashContent(handle, file, limits)
  if ('kind' in read) return read
  if (!isSame(before, await handle.stat()) || read.sizeBytes !== before.size) return 'changed'
  const { mtimeMs, ctimeMs } = timesOf(before)
  const isSettled = Math.max(mtimeMs, ctimeMs) <= readAtMs - settledAfterMs
  return { ...file, ...read, ctimeMs, mtimeMs: isSettled ? mtimeMs : unsettledMtimeMs }
}

async function hashContent(
  handle: FileHandle,
  { absolutePath, path }: FoundFile,
  { fileBytesMax }: Limits,
): Promise<{ sha256: string; sizeBytes: number; tokens: number } | SkippedPath> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(readBufferBytes)
  let sizeBytes = 0
  let tokensPerByte = 0
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
    if (bytesRead === 0) break
    const piece = buffer.subarray(0, bytesRead)
    if (sizeBytes === 0) {
      // A document is uploaded whatever its bytes are, because the server says what is wrong with it, such as a password.
      if (!isZipDocument(absolutePath) && isBinary(piece)) return skipped(absolutePath, 'binary')
      tokensPerByte = estimateTokens(piece, { path, sizeBytes: bytesRead }) / bytesRead
    }
    sizeBytes += bytesRead
    if (sizeBytes > fileBytesMax) return skipped(absolutePath, 'grew past the size limit while it was read', { isKept: true })
    hash.update(piece)
  }
  if (sizeBytes === 0) return skipped(absolutePath, 'empty')
  return { sha256: hash.digest('hex'), sizeBytes, tokens: Math.ceil(tokensPerByte * sizeBytes) }
}

/** Times in whole milliseconds, because not every file system and not every JSON number keeps finer ones. */
export function timesOf({ mtimeMs, ctimeMs }: Stats): { mtimeMs: number; ctimeMs: number } {
  return { mtimeMs: Math.floor(mtimeMs), ctimeMs: Math.floor(ctimeMs) }
}

function isSame(a: Stats, b: Stats): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino
}

/** Formats with zero bytes that the server reads: PDF, and UTF-16 text with its byte order mark. */
const readBinaryStarts = [Buffer.from('%PDF-'), Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])]

function isBinary(start: Buffer): boolean {
  if (readBinaryStarts.some((known) => start.subarray(0, known.length).equals(known))) return false
  return start.subarray(0, sniffedBytes).includes(0)
}
