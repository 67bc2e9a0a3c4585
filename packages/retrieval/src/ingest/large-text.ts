import { isUtf8 } from 'node:buffer'
import type { ChunkingStrategy } from '@weft/contracts'
import { type Chunk, chunkText } from '../chunk/chunk-text.ts'
import { legacyEncodingOfText, startsWith, utf16Of } from '../parse/decode-text.ts'
import { type FileKind, fileFormatOf } from '../parse/file-kind.ts'
import { FileRefusal } from '../parse/file-refusal.ts'
import { decodeParts, type LegacyEncoding } from '../parse/legacy-encoding.ts'
import { codePointLength } from '../text/code-points.ts'
import { giveBack, type ReadJob } from './read-file.ts'

/** A large text. `pieces` are UTF-8, cut between characters. */
export type LargeText = {
  kind: FileKind
  textBytes: number
  pieces: Generator<Uint8Array<ArrayBuffer>>
  chunks: Generator<Chunk>
}

/** From this size on a text is decoded in parts, because its bytes and all of its letters together would be the most that a service ever has in memory. */
const largeTextBytesMin = 8_388_608

/** How much is decoded at a time; half as much more when the text then ends. */
const partBytes = 4_194_304
const pieceBytes = 262_144

/** What a part ends with, best first: a paragraph, a line, a word. */
const partEnds = ['\n\n', '\n\r\n', '\n', ' '] as const

const byteOrderMark = [0xef, 0xbb, 0xbf] as const

/**
 * Opens a large text without decoding all of it at once. That is only possible without headings, rows or a grammar, where no chunk depends on what is far before it.
 * Undefined for every other file, and for one that is no text, because reading it whole tells what is wrong with it. Text in a legacy encoding is converted to
 * UTF-8 in parts, and its bytes are freed.
 */
export async function openLargeText(job: ReadJob): Promise<LargeText | undefined> {
  if ('parsed' in job) return undefined
  const given = 'file' in job ? job.file.bytes : job.stored.utf8
  if (given.length < largeTextBytesMin) return undefined
  const kind = 'file' in job ? fileFormatOf(job.file.filename, given) : job.stored.kind
  if (kind !== 'text' && kind !== 'data') return undefined
  const bytes = 'file' in job ? await utf8Of(given) : given
  if (bytes === undefined || ('file' in job && isBlank(bytes))) return undefined
  return { kind, textBytes: bytes.length, pieces: piecesOf(bytes), chunks: cutParts(bytes, { kind, chunking: job.chunking }) }
}

async function utf8Of(bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (isUtf8(bytes) && !bytes.includes(0)) return startsWith(bytes, byteOrderMark) ? bytes.subarray(byteOrderMark.length) : bytes
  if (utf16Of(bytes) !== undefined) return undefined
  try {
    const utf8 = transcode(bytes, await legacyEncodingOfText(bytes))
    giveBack(bytes)
    return utf8
  } catch (thrown) {
    if (thrown instanceof FileRefusal) return undefined
    throw thrown
  }
}

/** Converts bytes to UTF-8. It decodes them twice, first to know how much memory the result takes. */
function transcode(bytes: Uint8Array, encoding: LegacyEncoding): Uint8Array {
  let length = 0
  for (const part of decodeParts(bytes, encoding)) length += Buffer.byteLength(part)
  const utf8 = new Uint8Array(length)
  const encoder = new TextEncoder()
  let at = 0
  for (const part of decodeParts(bytes, encoding)) at += encoder.encodeInto(part, utf8.subarray(at)).written
  return utf8
}

function isBlank(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, pieceBytes)).trim() === ''
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; ) {
    const end = characterEnd(bytes, at + pieceBytes)
    yield new Uint8Array(bytes.subarray(at, end))
    at = end
  }
}

function* cutParts(bytes: Uint8Array, { kind, chunking }: { kind: FileKind; chunking: ChunkingStrategy }): Generator<Chunk> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let ordinal = 0
  let before = 0
  for (let at = 0; at < bytes.length; ) {
    const end = partEnd(bytes, at)
    const text = decoder.decode(bytes.subarray(at, end))
    for (const chunk of chunkText({ text, kind }, chunking)) {
      yield { ...chunk, ordinal, start: before + chunk.start, end: before + chunk.end }
      ordinal++
    }
    before += codePointLength(text)
    at = end
  }
}

function partEnd(bytes: Uint8Array, at: number): number {
  if (bytes.length - at <= 1.5 * partBytes) return bytes.length
  const part = Buffer.from(bytes.buffer, bytes.byteOffset + at, partBytes)
  for (const mark of partEnds) {
    const found = part.lastIndexOf(mark)
    if (found > 0) return at + found + mark.length
  }
  return characterEnd(bytes, at + partBytes)
}

/** The last end of a character up to `at`. Bytes of the form 10xxxxxx continue a character. */
function characterEnd(bytes: Uint8Array, at: number): number {
  let end = Math.min(at, bytes.length)
  while (end < bytes.length && (bytes[end] ?? 0) >> 6 === 0b10) end--
  return end
}
