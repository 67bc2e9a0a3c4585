import { Worker } from 'node:worker_threads'
import type { Chunk } from '../chunk/chunk-text.ts'
import { FileRefusal, type FileRefusalCode } from '../parse/file-refusal.ts'
import type { ParsedFile } from '../parse/parse-file.ts'
import { ownBuffer, type ReadFile, type ReadJob } from './read-file.ts'

/** What a thread is asked. After `open` has answered a large file, each `text` and each `chunks` answers the next piece of it. */
export type ReadQuestion = { kind: 'open'; job: ReadJob } | { kind: 'text' } | { kind: 'chunks' }

/** What is known of a large file besides its text. `textBytes` is the length of the text in UTF-8. */
export type LargeFileFacts = Omit<ParsedFile, 'text'> & { textBytes: number }

/**
 * What a thread answers. An undefined piece, or no chunks, means that there are no more. A FileRefusal is sent as its code. A thread that says `isSpent` has
 * to be ended.
 */
export type ReadAnswer =
  | { kind: 'whole'; isSpent: boolean; file: ReadFile }
  | { kind: 'large'; isSpent: boolean; facts: LargeFileFacts }
  | { kind: 'text'; piece: Uint8Array | undefined }
  | { kind: 'chunks'; chunks: Chunk[] }
  | { kind: 'failed'; isSpent: boolean; refusal: FileRefusalCode | undefined; message: string }

/** A thread while it reads one file. */
export type ReadingThread = {
  ask(question: ReadQuestion, signal?: AbortSignal): Promise<Exclude<ReadAnswer, { kind: 'failed' }>>
  /** Gives the thread up, so that it can read another file. It ends instead when it did not answer, or when `isLast` says so, to free its memory. */
  leave(options?: { isLast: boolean }): Promise<void>
}

export type ReadingThreads = { take(): ReadingThread; stop(): Promise<void> }

/** How many threads are kept for the next files. A new one takes a quarter of a second to load the PDF library. */
const idleThreadsMax = 2

/**
 * The heap of a thread: enough for the largest text that is allowed. A PDF that unpacks to more ends its thread, and not the service. It is not larger because V8 then
 * collects garbage later: with 2,048 a PDF of 2,000 pages took 110 MB more.
 */
const threadHeapMbMax = 1_024
/** Small, because most objects of a thread live long. By default its young generation would be as large as the service's. */
const threadYoungMbMax = 12

/** `timeoutMs` bounds each answer. */
export function createReadingThreads({ timeoutMs }: { timeoutMs: number }): ReadingThreads {
  const idle: Worker[] = []
  const all = new Set<Worker>()

  function take(): ReadingThread {
    const worker = idle.pop() ?? startThread(all)
    let isSpent = false
    return {
      async ask(question, signal) {
        const answer = await ask(worker, { question, timeoutMs, signal }).catch((thrown: unknown) => {
          isSpent = true
          throw thrown
        })
        if ('isSpent' in answer) isSpent = answer.isSpent
        if (answer.kind !== 'failed') return answer
        throw answer.refusal === undefined ? new Error(answer.message) : new FileRefusal(answer.refusal, answer.message)
      },
      async leave({ isLast } = { isLast: false }) {
        if (idle.length < idleThreadsMax && all.has(worker) && !isSpent && !isLast) idle.push(worker)
        else await worker.terminate()
      },
    }
  }

  return {
    take,
    async stop() {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}

/** Starts a thread. Its output does not go to the service's log, because the PDF library warns about every odd font. */
function startThread(all: Set<Worker>): Worker {
  const worker = new Worker(new URL('./file-reader-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMbMax, maxYoungGenerationSizeMb: threadYoungMbMax },
    stdout: true,
    stderr: true,
  })
  all.add(worker)
  worker.once('exit', () => all.delete(worker))
  worker.unref()
  return worker
}

type Asked = { question: ReadQuestion; timeoutMs: number; signal: AbortSignal | undefined }

function ask(worker: Worker, { question, timeoutMs, signal }: Asked): Promise<ReadAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadAnswer>()
  const onError = (cause: Error) => reject(isOutOfMemory(cause) ? new FileRefusal('too_large', tooLarge, { cause }) : cause)
  const onExit = () => reject(new Error('the reading thread ended'))
  const onAbort = () => reject(signal?.reason)
  const timer = setTimeout(
    () => reject(new FileRefusal('too_slow', `Reading the file took longer than ${timeoutMs / 1_000} s.`)),
    timeoutMs,
  )
  worker.once('message', resolve).once('error', onError).once('exit', onExit)
  signal?.addEventListener('abort', onAbort)
  worker.postMessage(question, movable(question))
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    worker.off('message', resolve).off('error', onError).off('exit', onExit)
  })
}

/** The buffers that are moved to the thread: bytes that share no memory with others. All other bytes are copied. */
function movable(question: ReadQuestion): ArrayBuffer[] {
  if (question.kind !== 'open' || 'parsed' in question.job) return []
  const { job } = question
  const buffer = ownBuffer('file' in job ? job.file.bytes : job.stored.utf8)
  return buffer === undefined ? [] : [buffer]
}

const tooLarge = 'The file unpacks to more text than can be read. Split it and add the parts.'

function isOutOfMemory(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}
