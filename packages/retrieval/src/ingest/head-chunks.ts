import { createHash } from 'node:crypto'
import { errorMessage } from '@weft/contracts'
import type { Database } from '@weft/database'
import { withSpan } from '@weft/telemetry'
import type { Chunk } from '../chunk/chunk-text.ts'
import { documentStretches } from '../chunk/document-stretches.ts'
import type { IngestError } from '../store/knowledge-types.ts'
import { keepHeader, readHeaders } from './postgres-chunk-headers.ts'

/** A passage, and the part of its document that the model is shown: the same for many passages, so that a provider can cache it. */
export type PassageToHead = { tenant: string; document: string; heading: string; text: string }

/**
 * Lets a model describe in one line the place of a passage in its document. `model` is `<provider>/<model>`. `write` answers plain text, which is empty when the model
 * says nothing, and throws when the model does not answer.
 */
export type HeaderWriter = {
  model: string
  /** How many letters of a document the model is shown at once. */
  documentCharsMax(): number
  write(passage: PassageToHead, signal: AbortSignal | undefined): Promise<string>
}

export type FileToHead = { tenant: string; fileId: string; text: string; chunks: Chunk[] }

/** Chunks with their headers. `warning` says how many have none, and why. */
export type HeadedChunks = { chunks: Chunk[]; warning?: IngestError }

export type HeadTools = { database: Database; headers: HeaderWriter }

/** How many calls are made at once for one file. */
const callsMax = 4

/** After this many failures in a row the model is not asked for the rest of the file. */
const failuresMax = 3

/**
 * Gives chunks their headers. Headers that are known for the same document and chunk are used again; for the others the model is asked once, and each answer is
 * stored at once. A chunk for which that fails has no header. Throws only when `signal` aborts or the database does not answer.
 */
export function headChunks(tools: HeadTools, file: FileToHead, signal?: AbortSignal): Promise<HeadedChunks> {
  return withSpan('head chunks', { attributes: { 'weft.head.chunks': file.chunks.length } }, async (span) => {
    const keys = keysOf(tools.headers.model, file)
    const headers = await readHeaders(tools.database, { ...file, keys: [...keys.values()] })
    const unknown = file.chunks.filter((chunk) => !headers.has(keys.get(chunk) ?? ''))
    span.setAttribute('weft.head.asked', unknown.length)
    const round: Round = { tools, file, keys, headers, signal, failed: 0, isGone: false }
    for (const { document, chunks } of documentStretches(file.text, unknown, tools.headers.documentCharsMax())) {
      // The first one alone, so that the provider's cache of its prompt serves all others.
      await askAll(round, document, chunks.slice(0, 1))
      await askAll(round, document, chunks.slice(1))
    }
    const chunks = file.chunks.map((chunk) => withHeader(chunk, headers.get(keys.get(chunk) ?? '')))
    const warning = warningOf(round, chunks)
    return { chunks, ...(warning === undefined ? {} : { warning }) }
  })
}

type Round = {
  tools: HeadTools
  file: FileToHead
  keys: Map<Chunk, string>
  headers: Map<string, string>
  signal: AbortSignal | undefined
  /** Failures in a row. */
  failed: number
  /** Whether the file was deleted meanwhile. */
  isGone: boolean
  cause?: unknown
}

async function askAll(round: Round, document: string, chunks: Chunk[]): Promise<void> {
  const waiting = [...chunks]
  const work = async () => {
    for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
      if (round.isGone || round.failed >= failuresMax) return
      await ask(round, document, chunk)
    }
  }
  const works = await Promise.allSettled(Array.from({ length: Math.min(callsMax, chunks.length) }, work))
  for (const ended of works) if (ended.status === 'rejected') throw ended.reason
}

async function ask(round: Round, document: string, chunk: Chunk): Promise<void> {
  const { tools, file, keys, signal } = round
  const { tenant, fileId } = file
  const key = keys.get(chunk) ?? ''
  const passage = { tenant, document, heading: chunk.heading, text: chunk.text }
  signal?.throwIfAborted()
  const header = await tools.headers.write(passage, signal).catch((cause: unknown) => {
    signal?.throwIfAborted()
    round.failed++
    round.cause = cause
    return undefined
  })
  if (header === undefined) return
  round.failed = 0
  round.headers.set(key, header)
  round.isGone ||= !(await keepHeader(tools.database, { tenant, fileId, key, header }))
}

/** The version of the prompt. Raise it when the model is asked differently, so that headers are written anew. */
const askedAs = 1

function keysOf(model: string, { text, chunks }: FileToHead): Map<Chunk, string> {
  const document = createHash('sha256').update(text).digest('hex')
  const keyOf = ({ start, text: passage }: Chunk) => JSON.stringify([askedAs, model, document, start, passage])
  return new Map(chunks.map((chunk) => [chunk, createHash('sha256').update(keyOf(chunk)).digest('hex')]))
}

function withHeader(chunk: Chunk, header = ''): Chunk {
  return header === '' ? chunk : { ...chunk, header }
}

function warningOf({ cause, tools }: Round, chunks: Chunk[]): IngestError | undefined {
  const missing = chunks.filter(({ header }) => header === undefined).length
  if (missing === 0) return undefined
  const message = errorMessage(cause)
  const why = cause === undefined ? 'it answered with nothing.' : `${message} Add the file again to have it asked again.`
  const what = `${missing} of ${chunks.length} passages have no header of ${tools.headers.model} and are found by their own words`
  return { code: 'server_error', message: `${what}: ${why}` }
}
