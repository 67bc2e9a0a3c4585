import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { type FoundFile, reasonOf, type SkippedPath, skipped, unreadable } from './walk-paths.ts'

export type FingerprintedFile = FoundFile & { sha256: string }

/** git's own test for binary content: a zero byte among the first 8,000 (buffer_is_binary in xdiff-interface.c). */
const sniffedBytes = 8_000
const readBufferBytes = 262_144

/** Reads a file once, in pieces, for its hash; a binary, empty, vanished or unreadable one is skipped instead. */
export async function fingerprintFile(file: FoundFile, fileBytesMax: number): Promise<FingerprintedFile | SkippedPath> {
  try {
    const handle = await open(file.absolutePath, 'r')
    try {
      const hash = createHash('sha256')
      const buffer = Buffer.allocUnsafe(readBufferBytes)
      let sizeBytes = 0
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
        if (bytesRead === 0) break
        const piece = buffer.subarray(0, bytesRead)
        if (sizeBytes === 0 && !isDocument.test(file.absolutePath) && isBinary(piece)) return skipped(file.absolutePath, 'binary')
        sizeBytes += bytesRead
        if (sizeBytes > fileBytesMax)
          return skipped(file.absolutePath, 'grew past the size limit while it was read', { isKept: true })
        hash.update(piece)
      }
      if (sizeBytes === 0) return skipped(file.absolutePath, 'empty')
      return { ...file, sizeBytes, sha256: hash.digest('hex') }
    } finally {
      await handle.close()
    }
  } catch (error) {
    return unreadable(file.absolutePath, reasonOf(error))
  }
}

/** Formats with zero bytes that the server reads: PDF, and UTF-16 text with its byte order mark. */
const readBinaryStarts = [Buffer.from('%PDF-'), Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])]

/** Documents that are zip files. What is wrong with one, a password for example, the server says. */
const isDocument = /\.(?:docx|docm|dotx|dotm|xlsx|xlsm|xltx|xltm|pptx|pptm|ppsx|ppsm|potx|potm|epub)$/i

function isBinary(start: Buffer): boolean {
  if (readBinaryStarts.some((known) => start.subarray(0, known.length).equals(known))) return false
  return start.subarray(0, sniffedBytes).includes(0)
}
