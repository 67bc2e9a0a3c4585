import type { Chunk } from '../chunk/chunk-text.ts'
import { codeLanguageOf } from '../code/code-languages.ts'
import { type FileFormat, type FileKind, fileFormatOf, imageTypeOf } from '../parse/file-kind.ts'
import { checkFileSize } from '../parse/parse-file.ts'
import { type ReadImageText, readImage } from '../parse/read-image.ts'
import { filenameOf, type ReadFile, type ReadJob, readNow } from './read-file.ts'
import { createReadingThreads, type LargeFileFacts, type ReadingThread } from './reading-threads.ts'

/** `timeoutMs` bounds the reading of one file; default 120 s. Without `readImageText` images are refused, with a message that names the setting. */
export type FileReaderOptions = { timeoutMs?: number; readImageText?: ReadImageText | undefined }

/**
 * A file of more than a million letters. Its text (UTF-8) and its chunks come in pieces, each can be read once, and only the file's thread has them in
 * memory.
 */
export type LargeFile = LargeFileFacts & {
  text(): AsyncGenerator<Uint8Array>
  chunks(): AsyncGenerator<Chunk[]>
  /** Lets its thread read another file. */
  close(): Promise<void>
}

export type OpenedFile = { isLarge: false; file: ReadFile } | { isLarge: true; file: LargeFile }

/**
 * Reads files and cuts them into chunks without blocking the caller's event loop: small texts at once, and everything else on worker threads whose time and memory
 * are bounded. Throws FileRefusal as {@link parseFile} does, also `too_slow` for a file that takes longer than `timeoutMs`, and `too_large` for one that unpacks to
 * more than a thread may hold.
 */
export type FileReader = {
  /** Reads the whole file into memory. */
  read(job: ReadJob, signal?: AbortSignal): Promise<ReadFile>
  open(job: ReadJob, signal?: AbortSignal): Promise<OpenedFile>
  /** Waits until a file of this size may be fetched and read: only one large file is at a time. Answers a function that ends its turn. */
  enter(bytes: number): Promise<() => void>
  /** Ends the threads; what they were reading is rejected. */
  stop(): Promise<void>
}

export function createFileReader({ timeoutMs = 120_000, readImageText }: FileReaderOptions = {}): FileReader {
  const threads = createReadingThreads({ timeoutMs })
  let last: Promise<unknown> = Promise.resolve()

  async function openOnThread(job: ReadJob, signal: AbortSignal | undefined): Promise<OpenedFile> {
    const thread = threads.take()
    try {
      const answer = await thread.ask({ kind: 'open', job }, signal)
      if (answer.kind === 'large') return { isLarge: true, file: largeFile(thread, answer.facts, signal) }
      if (answer.kind !== 'whole') throw new TypeError(`the thread answered ${answer.kind}`)
      await thread.leave()
      return { isLarge: false, file: answer.file }
    } catch (thrown) {
      await thread.leave()
      throw thrown
    }
  }

  /** Replaces an image by the text in it. Not done on a thread, because a function cannot be sent to one. */
  async function seeImage(job: ReadJob, signal: AbortSignal | undefined): Promise<ReadJob> {
    if (readImageText === undefined || !('file' in job) || job.file.tenant === undefined) return job
    const { bytes, tenant } = job.file
    const mime = imageTypeOf(bytes)
    if (mime === undefined) return job
    const read = (end: AbortSignal) => readImageText({ bytes, mime, tenant }, end)
    return { parsed: await readImage(read, { timeoutMs, signal }), chunking: job.chunking }
  }

  async function open(job: ReadJob, signal?: AbortSignal): Promise<OpenedFile> {
    signal?.throwIfAborted()
    if ('file' in job) checkFileSize(job.file.bytes.length)
    const seen = await seeImage(job, signal)
    return isQuick(seen) ? { isLarge: false, file: await readNow(seen) } : openOnThread(seen, signal)
  }

  return {
    open,
    async read(job, signal) {
      const opened = await open(job, signal)
      return opened.isLarge ? gather(opened.file) : opened.file
    },
    async enter(bytes) {
      if (bytes < aloneFromBytes) return () => undefined
      const before = last
      const turn = Promise.withResolvers<void>()
      last = turn.promise
      await before
      return turn.resolve
    },
    stop: threads.stop,
  }
}

/** From this size on files are read one at a time, because their bytes and texts would fill the service's memory. */
const aloneFromBytes = 2_097_152

/** After a text this large or a document this long its thread is ended, to free the memory that was left in it. */
const leavingMuch = { textBytes: 8_388_608, pages: 200 } as const

function leavesMuch({ textBytes, pages = [] }: LargeFileFacts): boolean {
  return textBytes >= leavingMuch.textBytes || pages.length >= leavingMuch.pages
}

/**
 * Files up to these sizes are read at once, because sending them to a thread would take about as long. Plain text is cut at about 6 MB a second, and a thread that
 * has to be started takes .4 s of processor time before it reads. The parser of mails takes 10 µs for each line, however short.
 */
const quickBytesMax = { text: 131_072, other: 32_768, mail: 8_192 } as const

/** Whether a file is read at once. Code never is, because only the threads load grammars. */
function isQuick(job: ReadJob): boolean {
  if ('stored' in job) return false
  const size = 'parsed' in job ? job.parsed.text.length : job.file.bytes.length
  if (size > quickBytesMax.text || codeLanguageOf(filenameOf(job)) !== undefined) return false
  if ('parsed' in job) return size <= quickSizeOf(job.parsed.kind)
  const { filename, bytes } = job.file
  return size === 0 || size <= quickSizeOf(fileFormatOf(filename, bytes))
}

function quickSizeOf(format: FileFormat | FileKind): number {
  if (format === 'pdf' || format === 'zip') return 0
  if (format === 'mail') return quickBytesMax.mail
  return format === 'text' || format === 'markdown' ? quickBytesMax.text : quickBytesMax.other
}

function largeFile(thread: ReadingThread, facts: LargeFileFacts, signal: AbortSignal | undefined): LargeFile {
  return {
    ...facts,
    async *text() {
      for (;;) {
        const answer = await thread.ask({ kind: 'text' }, signal)
        if (answer.kind !== 'text' || answer.piece === undefined) return
        yield answer.piece
      }
    },
    async *chunks() {
      for (;;) {
        const answer = await thread.ask({ kind: 'chunks' }, signal)
        if (answer.kind !== 'chunks' || answer.chunks.length === 0) return
        yield answer.chunks
      }
    },
    close: () => thread.leave({ isLast: leavesMuch(facts) }),
  }
}

/** Reads all of a large file into memory, and frees its thread. */
export async function gather({ textBytes: _textBytes, text, chunks, close, ...facts }: LargeFile): Promise<ReadFile> {
  try {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    const pieces: string[] = []
    for await (const piece of text()) pieces.push(decoder.decode(piece))
    const all: Chunk[] = []
    for await (const batch of chunks()) all.push(...batch)
    return { ...facts, text: pieces.join(''), chunks: all }
  } finally {
    await close()
  }
}
