import type { ChunkingStrategy } from '@weft/contracts'
import { type Chunk, chunkText } from '../chunk/chunk-text.ts'
import { codeLanguageOf } from '../code/code-languages.ts'
import { outlineCode } from '../code/outline-code.ts'
import { type ParsedFile, parseFile } from '../parse/parse-file.ts'
import { isHighSurrogate } from '../text/code-points.ts'

export type ReadFile = ParsedFile & { chunks: Chunk[] }

/**
 * What is to be read: the bytes of a file (`file`), or a text that was parsed before and only needs to be cut, which for a large text is given as UTF-8 (`stored`).
 * `filename` tells the language of code. The reader may free the bytes, so nobody else may use them. `tenant` is whose account pays for a model that reads images;
 * without one, images are refused.
 */
export type ReadJob = (
  | { file: { filename: string; bytes: Uint8Array; tenant?: string } }
  | { parsed: ParsedFile; filename?: string }
  | { stored: Omit<ParsedFile, 'text'> & { utf8: Uint8Array }; filename?: string }
) & {
  chunking: ChunkingStrategy
}

/** Texts up to this length are handled as a whole; longer ones in pieces, so that they are not in memory twice. */
export const wholeLettersMax = 1_048_576
const pieceLetters = 262_144

/** A text as pieces of UTF-8, cut between characters. */
export function* inPieces(text: string): Generator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  for (let at = 0; at < text.length; ) {
    const end = Math.min(text.length, at + pieceLetters)
    const isCutInPair = end < text.length && isHighSurrogate(text.charCodeAt(end - 1))
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

/** Parses a file. Its chunks are cut one by one, as they are taken. */
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

/** Frees the bytes of a large file at once, because the garbage collector would free them only when memory is already scarce. */
export function giveBack(bytes: Uint8Array): void {
  if (bytes.byteLength >= wholeLettersMax) ownBuffer(bytes)?.transfer(0)
}

/** The buffer of bytes that do not share it with others; undefined when they do. */
export function ownBuffer({ buffer, byteLength }: Uint8Array): ArrayBuffer | undefined {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? buffer : undefined
}

export function filenameOf(job: ReadJob): string {
  return ('file' in job ? job.file.filename : job.filename) ?? ''
}
