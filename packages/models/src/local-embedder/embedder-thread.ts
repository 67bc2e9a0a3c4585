import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { z } from 'zod'
import { openTokenizer } from './tokenise.ts'

/** What the thread is started with. */
export type ThreadData = { folder: string; inputTokensMax: number; threads: number }
export type ThreadQuestion = { id: number; texts: string[] }
/** `vectors` are those of all texts, one behind the other. */
export type ThreadAnswer = { id: number; vectors: Float32Array; inputTokens: number } | { id: number; message: string }

const Data = z.object({ folder: z.string(), inputTokensMax: z.number(), threads: z.number() })
const Question = z.object({ id: z.number(), texts: z.array(z.string()) })

const { folder, inputTokensMax, threads } = Data.parse(workerData)
const tokenise = openTokenizer(folder, inputTokensMax)
const session = await InferenceSession.create(join(folder, 'model.onnx'), {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  enableCpuMemArena: false,
  // Threads that wait for work would take the processor from the rest of the mesh.
  extra: { session: { intra_op: { allow_spinning: '0' } } },
})

parentPort?.on('message', (message: unknown) => {
  const { id, texts } = Question.parse(message)
  embed(texts).then(
    ({ vectors, inputTokens }) => parentPort?.postMessage({ id, vectors, inputTokens }, [vectors.buffer]),
    (cause: unknown) => parentPort?.postMessage({ id, message: cause instanceof Error ? cause.message : String(cause) }),
  )
})
async function embed(texts: string[]): Promise<{ vectors: Float32Array<ArrayBuffer>; inputTokens: number }> {
  const rows = texts.map(tokenise)
  const length = Math.max(...rows.map((row) => row.length))
  const ids = new Int32Array(rows.length * length)
  const mask = new Int32Array(rows.length * length)
  rows.forEach((row, index) => {
    ids.set(row, index * length)
    mask.fill(1, index * length, index * length + row.length)
  })
  const shape = [rows.length, length]
  const { embedding } = await session.run({ ids: new Tensor('int32', ids, shape), mask: new Tensor('int32', mask, shape) })
  if (!(embedding?.data instanceof Float32Array)) throw new TypeError('the model answers no float vectors')
  return { vectors: Float32Array.from(embedding.data), inputTokens: rows.reduce((sum, row) => sum + row.length, 0) }
}
