import type { ChunkingStrategy } from '@weft/contracts'
import { type Chunk, chunkText } from '../chunk/chunk-text.ts'
import { codeLanguageOf } from '../code/code-languages.ts'
import { outlineCode } from '../code/outline-code.ts'
import { type ParsedFile, parseFile } from '../parse/parse-file.ts'

export type ReadFile = ParsedFile & { chunks: Chunk[] }

/**
 * What is to be read: a file's bytes, or a text that was parsed before and only needs cutting, large ones as the bytes of UTF-8; its name tells
 * the language of code. Bytes are the reader's from then on. `tenant`: on whose account a model reads images; without one they are refused.
 */
export type ReadJob = (
  | { file: { filename: string; bytes: Uint8Array; tenant?: string } }
  | { parsed: ParsedFile; filename?: string }
  | { stored: Omit<ParsedFile, 'text'> & { utf8: Uint8Array }; filename?: string }
) & {
  chunking: ChunkingStrategy
}

/** Texts of up to so many letters are handled whole; larger ones a piece at a time, so that they are not in memory twice. */
export const wholeLettersMax = 1_048_576
const pieceLetters = 262_144

/** A text as UTF-8, no character of which lies in two pieces. */
export function* inPieces(text: string): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  for (let at = 0; at < text.length; ) {
    const end = Math.min(text.length, at + pieceLetters)
    const isCutInPair = end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))
    const next = isCutInPair ? end - 1 : end
    yield encoder.encode(text.slice(at, next))
    at = next
  }
}

/** Reads on the calling thread. */
export async function readNow(job: ReadJob): Promise<ReadFile> {
  const { parsed, chunks } = await parseAndCut(job)
  return { ...parsed, chunks: [...chunks] }
}

/** Chunks are cut one by one, as they are taken. */
export async function parseAndCut(job: ReadJob): Promise<{ parsed: ParsedFile; chunks: Generator<Chunk> }> {
  const parsed = await parse(job)
  const language = parsed.kind === 'code' ? codeLanguageOf(filenameOf(job)) : undefined
  const blocks = language === undefined ? undefined : await outlineCode(parsed.text, language)
  return { parsed, chunks: chunkText({ ...parsed, blocks }, job.chunking) }
}

async function parse(job: ReadJob): Promise<ParsedFile> {
  if ('parsed' in job) return job.parsed
  const bytes = 'file' in job ? job.file.bytes : job.stored.utf8
  const parsed = 'file' in job ? await parseFile(job.file) : decodeStored(job.stored)
  giveBack(bytes)
  return parsed
}

function decodeStored({ utf8, ...origin }: Omit<ParsedFile, 'text'> & { utf8: Uint8Array }): ParsedFile {
  return { ...origin, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8) }
}

/** The bytes of a large file are given back at once: the garbage collector would come to them only when there is too much of it. */
export function giveBack(bytes: Uint8Array): void {
  if (bytes.byteLength >= wholeLettersMax) ownBuffer(bytes)?.transfer(0)
}

/** The memory of bytes that share it with no others. */
export function ownBuffer({ buffer, byteLength }: Uint8Array): ArrayBuffer | undefined {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : undefined
}

export function filenameOf(job: ReadJob): string {
  return ('file' in job ? job.file.filename : job.filename) ?? ''
}
