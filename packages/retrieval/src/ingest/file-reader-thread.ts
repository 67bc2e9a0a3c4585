import { parentPort } from 'node:worker_threads'
import { errorMessage } from '@weft/contracts'
import type { Chunk } from '../chunk/chunk-text.ts'
import { isOutlinerSpent } from '../code/outline-code.ts'
import { FileRefusal } from '../parse/file-refusal.ts'
import { openLargeText } from './large-text.ts'
import { inPieces, parseAndCut, type ReadJob, wholeLettersMax } from './read-file.ts'
import type { ReadAnswer, ReadQuestion } from './reading-threads.ts'

/** How many letters of chunks are sent together. */
const batchLetters = 262_144

/** The large file that is being sent in parts. */
let open: { pieces: Generator<Uint8Array<ArrayBuffer>>; chunks: Generator<Chunk[]> } | undefined

parentPort?.on('message', (question: ReadQuestion) => {
  void answer(question).then(({ said, moved }) => parentPort?.postMessage(said, moved))
})

async function answer(question: ReadQuestion): Promise<{ said: ReadAnswer; moved: ArrayBuffer[] }> {
  try {
    if (question.kind === 'open') return { said: await openFile(question.job), moved: [] }
    if (open === undefined) throw new TypeError('no file is open')
    if (question.kind === 'chunks') return { said: { kind: 'chunks', chunks: open.chunks.next().value ?? [] }, moved: [] }
    const piece: Uint8Array<ArrayBuffer> | undefined = open.pieces.next().value ?? undefined
    return { said: { kind: 'text', piece }, moved: piece === undefined ? [] : [piece.buffer] }
  } catch (thrown) {
    const message = errorMessage(thrown)
    const refusal = thrown instanceof FileRefusal ? thrown.code : undefined
    return { said: { kind: 'failed', isSpent: isOutlinerSpent(), refusal, message }, moved: [] }
  }
}

async function openFile(job: ReadJob): Promise<ReadAnswer> {
  open = undefined
  const large = await openLargeText(job)
  if (large !== undefined) {
    const { pieces, chunks, ...facts } = large
    open = { pieces, chunks: inBatches(chunks) }
    return { kind: 'large', isSpent: false, facts }
  }
  const { parsed, chunks } = await parseAndCut(job)
  const isSpent = isOutlinerSpent()
  if (parsed.text.length <= wholeLettersMax) return { kind: 'whole', isSpent, file: { ...parsed, chunks: [...chunks] } }
  const { text, ...facts } = parsed
  open = { pieces: inPieces(text), chunks: inBatches(chunks) }
  return { kind: 'large', isSpent, facts: { ...facts, textBytes: Buffer.byteLength(text) } }
}

function* inBatches(chunks: Generator<Chunk>): Generator<Chunk[]> {
  let batch: Chunk[] = []
  let letters = 0
  for (const chunk of chunks) {
    batch.push(chunk)
    letters += chunk.text.length
    if (letters < batchLetters) continue
    yield batch
    batch = []
    letters = 0
  }
  if (batch.length > 0) yield batch
}
