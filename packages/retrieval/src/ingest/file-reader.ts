import { Worker } from 'node:worker_threads'
import type { ChunkingStrategy } from '@weft/contracts'
import { type Chunk, chunkText } from '../chunk/chunk-text.ts'
import { codeLanguageOf } from '../code/code-languages.ts'
import { outlineCode } from '../code/outline-code.ts'
import { fileFormatOf, imageTypeOf } from '../parse/file-kind.ts'
import { FileRefusal, type FileRefusalCode } from '../parse/file-refusal.ts'
import { checkFileSize, type ParsedFile, parseFile } from '../parse/parse-file.ts'
import { type ReadImageText, readImage } from '../parse/read-image.ts'

export type ReadFile = ParsedFile & { chunks: Chunk[] }

/**
 * What is to be read: a file's bytes, or a text that was parsed before and only needs cutting; its name tells the language of code. `tenant`: on
 * whose account a model reads images; without one they are refused.
 */
export type ReadJob = (
  | { file: { filename: string; bytes: Uint8Array; tenant?: string } }
  | { parsed: ParsedFile; filename?: string }
) & {
  chunking: ChunkingStrategy
}

/** `timeoutMs` (default 120 s) bounds the reading of one file. Without `readImageText` images are refused, naming the setting. */
export type FileReaderOptions = { timeoutMs?: number; readImageText?: ReadImageText | undefined }

/**
 * Reads and cuts files without holding up the caller's event loop: small texts on the spot, everything else on worker threads with bounded
 * time and memory. Throws FileRefusal as {@link parseFile} does, `too_slow` for a file that took longer than `timeoutMs`, and
 * `too_large` for one that unpacks to more than a thread may hold.
 */
export type FileReader = {
  read(job: ReadJob, signal?: AbortSignal): Promise<ReadFile>
  /** Ends the threads; what they were reading is rejected. */
  stop(): Promise<void>
}

export function createFileReader({ timeoutMs = 120_000, readImageText }: FileReaderOptions = {}): FileReader {
  const idle: Worker[] = []
  const all = new Set<Worker>()

  async function readOnThread(job: ReadJob, signal: AbortSignal | undefined): Promise<ReadFile> {
    const worker = idle.pop() ?? startThread(all)
    const answer = await ask(worker, { job, timeoutMs, signal }).catch(async (thrown: unknown) => {
      await worker.terminate()
      throw thrown
    })
    if (idle.length < idleThreadsMax && all.has(worker) && !answer.isSpent) idle.push(worker)
    else await worker.terminate()
    if (answer.isRead) return answer.file
    throw answer.refusal === undefined ? new Error(answer.message) : new FileRefusal(answer.refusal, answer.message)
  }

  /** An image becomes the text in it, which needs no thread; a function cannot cross to one. */
  async function seeImage(job: ReadJob, signal: AbortSignal | undefined): Promise<ReadJob> {
    if (readImageText === undefined || !('file' in job) || job.file.tenant === undefined) return job
    const { bytes, tenant } = job.file
    const mime = imageTypeOf(bytes)
    if (mime === undefined) return job
    const read = (end: AbortSignal) => readImageText({ bytes, mime, tenant }, end)
    return { parsed: await readImage(read, { timeoutMs, signal }), chunking: job.chunking }
  }

  return {
    async read(job, signal) {
      signal?.throwIfAborted()
      if ('file' in job) checkFileSize(job.file.bytes.length)
      const seen = await seeImage(job, signal)
      return isQuick(seen) ? readNow(seen) : readOnThread(seen, signal)
    },
    async stop() {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}

/** Reads on the calling thread. */
export async function readNow(job: ReadJob): Promise<ReadFile> {
  const parsed = 'file' in job ? await parseFile(job.file) : job.parsed
  const language = parsed.kind === 'code' ? codeLanguageOf(filenameOf(job)) : undefined
  const blocks = language === undefined ? undefined : await outlineCode(parsed.text, language)
  return { ...parsed, chunks: [...chunkText({ ...parsed, blocks }, job.chunking)] }
}

function filenameOf(job: ReadJob): string {
  return ('file' in job ? job.file.filename : job.filename) ?? ''
}

/** What a thread answers; a refusal crosses the thread's border as its code. A spent thread is to be ended. */
export type ReadAnswer = { isSpent: boolean } & (
  | { isRead: true; file: ReadFile }
  | { isRead: false; refusal: FileRefusalCode | undefined; message: string }
)

/** Threads kept for the next file; loading the PDF library costs a new one a quarter of a second. */
const idleThreadsMax = 2

/** Enough for the largest text allowed with its chunks; a PDF that unpacks to more ends its thread, not the service. */
const threadHeapMbMax = 2_048

/** Reading this much takes about as long as handing it to a thread. */
const quickBytesMax = 32_768

/** Grammars are loaded by the threads alone. */
function isQuick(job: ReadJob): boolean {
  const size = 'parsed' in job ? job.parsed.text.length : job.file.bytes.length
  if (size > quickBytesMax || codeLanguageOf(filenameOf(job)) !== undefined) return false
  if ('parsed' in job || size === 0) return true
  const { filename, bytes } = job.file
  const format = fileFormatOf(filename, bytes)
  return format !== 'pdf' && format !== 'zip'
}

/** Its output is kept away from the service's log: the PDF library warns about every odd font. */
function startThread(all: Set<Worker>): Worker {
  const worker = new Worker(new URL('./file-reader-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: threadHeapMbMax },
    stdout: true,
    stderr: true,
  })
  all.add(worker)
  worker.once('exit', () => all.delete(worker))
  worker.unref()
  return worker
}

type Question = { job: ReadJob; timeoutMs: number; signal: AbortSignal | undefined }

function ask(worker: Worker, { job, timeoutMs, signal }: Question): Promise<ReadAnswer> {
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
  worker.postMessage(job)
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    worker.off('message', resolve).off('error', onError).off('exit', onExit)
  })
}

const tooLarge = 'The file unpacks to more text than can be read. Split it and add the parts.'

function isOutOfMemory(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}
