import './refuse-telemetry.ts'
import { join } from 'node:path'
import { types } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { errorMessage } from '@weft/contracts'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { z } from 'zod'
import { knownShareOf } from './known-share.ts'
import { openTokenizer } from './tokenise.ts'

/** What the thread is started with. */
export type ThreadData = { folder: string; inputTokensMax: number; threads: number }
/** `partsMax`: how many parts of a text get a vector of their own. `isUrgent`: it is answered before questions that are not. */
export type ThreadQuestion = { id: number; texts: string[]; partsMax: number; isUrgent: boolean }
/** `vectors` holds those of all parts of all texts, one after the other; `parts` tells how many each text has. `knownShare` is given for a single urgent text. */
export type ThreadAnswer = { vectors: Float32Array; parts: number[]; inputTokens: number; knownShare?: number | undefined }

/** Sent in place of a question, it ends the thread after the run that is under way: a thread that is terminated during a run takes the process with it. */
export const lastWord = 'end'

const Data = z.object({ folder: z.string(), inputTokensMax: z.number(), threads: z.number() })
const Question = z.object({ id: z.number(), texts: z.array(z.string()), partsMax: z.number(), isUrgent: z.boolean() })

const { folder, inputTokensMax, threads } = Data.parse(workerData)
/**
 * How many tokens go through the model together: few enough to stay in a core's cache, and for what is computed of them to take little memory
 * (docs/decisions/0017).
 */
const runTokensMax = 256

const { tokenise, isKnown } = openTokenizer(folder, inputTokensMax)
/** A session for each number of cores, made when it is first needed. */
const sessions = new Map<number, Promise<InferenceSession>>()

function sessionFor(cores: number): Promise<InferenceSession> {
  const known = sessions.get(cores)
  if (known !== undefined) return known
  const made = InferenceSession.create(join(folder, 'model.onnx'), {
    intraOpNumThreads: cores,
    interOpNumThreads: 1,
    enableCpuMemArena: false,
    // With memory patterns, a plan would be kept for every shape of rows.
    enableMemPattern: false,
    // Spinning threads that wait for work would take the processor from the rest of the mesh.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  })
  sessions.set(cores, made)
  made.catch(() => sessions.delete(cores))
  return made
}

/**
 * A question of up to this many tokens runs on one core: waking a second one for each operator takes longer than it helps (docs/decisions/0017).
 */
const aloneTokensMax = 32

function coresFor(isUrgent: boolean, rows: number[][]): number {
  return isUrgent && rows.length === 1 && (rows[0]?.length ?? 0) <= aloneTokensMax ? 1 : threads
}

const waiting: ThreadQuestion[] = []
let working: Promise<void> | undefined
let isEnding = false

parentPort?.on('message', (message: unknown) => {
  if (message === lastWord) {
    void end()
    return
  }
  waiting.push(Question.parse(message))
  working ??= work()
})

async function work(): Promise<void> {
  for (let question = nextQuestion(); question !== undefined; question = nextQuestion()) await answer(question)
  working = undefined
}

async function end(): Promise<void> {
  isEnding = true
  waiting.length = 0
  await working
  for (const session of await Promise.allSettled(sessions.values()))
    if (session.status === 'fulfilled') await session.value.release()
  parentPort?.close()
}

function nextQuestion(): ThreadQuestion | undefined {
  return nextUrgent() ?? waiting.shift()
}

function nextUrgent(): ThreadQuestion | undefined {
  const at = waiting.findIndex(({ isUrgent }) => isUrgent)
  return at < 0 ? undefined : waiting.splice(at, 1)[0]
}

async function answer({ id, ...question }: ThreadQuestion): Promise<void> {
  try {
    const made = await embed(question)
    parentPort?.postMessage({ id, ...made }, [made.vectors.buffer])
  } catch (cause) {
    parentPort?.postMessage({ id, message: errorMessage(cause) })
  }
}

async function embed({ texts, partsMax, isUrgent }: Omit<ThreadQuestion, 'id'>) {
  const partsOf = texts.map((text) => tokenise(text, partsMax))
  const rows = partsOf.flat()
  const session = await sessionFor(coresFor(isUrgent, rows))
  const vectors: Float32Array[] = []
  for (let at = 0; at < rows.length; ) {
    if (isEnding) throw new Error('its thread ends')
    const next = at + rowsTogether(rows, at)
    vectors.push(await run(session, rows.slice(at, next)))
    at = next
    if (!isUrgent) await answerUrgent()
  }
  return {
    vectors: joinVectors(vectors),
    parts: partsOf.map(({ length }) => length),
    inputTokens: rows.reduce((sum, row) => sum + row.length, 0),
    knownShare: isUrgent && texts.length === 1 ? knownShareOf(texts[0] ?? '', isKnown) : undefined,
  }
}

/** Answers urgent questions that came meanwhile, between two runs of another one. */
async function answerUrgent(): Promise<void> {
  for (let question = nextUrgent(); question !== undefined; question = nextUrgent()) await answer(question)
}

/** How many rows from `at` on make up the next run, when each counts as long as the longest of them: at least one. */
function rowsTogether(rows: number[][], at: number): number {
  let count = 0
  let length = 0
  for (const row of rows.slice(at)) {
    length = Math.max(length, row.length)
    if (count > 0 && length * (count + 1) > runTokensMax) break
    count++
  }
  return count
}

function joinVectors(parts: Float32Array[]): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

async function run(session: InferenceSession, rows: number[][]): Promise<Float32Array> {
  const length = Math.max(...rows.map((row) => row.length))
  const ids = new Int32Array(rows.length * length)
  const mask = new Int32Array(rows.length * length)
  for (const [index, row] of rows.entries()) {
    ids.set(row, index * length)
    mask.fill(1, index * length, index * length + row.length)
  }
  const shape = [rows.length, length]
  const { embedding } = await session.run({ ids: new Tensor('int32', ids, shape), mask: new Tensor('int32', mask, shape) })
  if (!types.isFloat32Array(embedding?.data)) throw new TypeError('the model answers no float vectors')
  return embedding.data
}
