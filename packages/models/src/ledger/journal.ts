import { openSegments } from './journal-segments.ts'

export interface JournalOptions {
  /** This process's own, made here. */
  folder: string
  /** A file this large is followed by the next. */
  segmentBytesMax: number
}

/**
 * Lines that outlive this process: they are with the operating system once `written` settles, and stay until what they tell of is settled. Lines
 * of one turn of the event loop are written at once.
 */
export interface Journal {
  /** Adds a line and answers the segment it is in, which is kept until {@link settle} was called for each of its lines. */
  append(line: string): number
  /** Adds a line that nothing depends on. */
  note(line: string): void
  /** Settles once everything added so far is written; throws what the disk said. */
  written(): Promise<void>
  settle(segment: number): void
  bytes(): number
  /** Ends it; a folder in which nothing is left unsettled is removed. */
  close(): void
}

export function createJournal({ folder, segmentBytesMax }: JournalOptions): Journal {
  const segments = openSegments({ folder, bytesMax: segmentBytesMax })
  let waiting = ''
  let batch: PromiseWithResolvers<void> | undefined

  function add(line: string): void {
    waiting += `${line}\n`
    if (batch !== undefined) return
    batch = Promise.withResolvers()
    // Whoever only notes does not wait for it.
    batch.promise.catch(() => undefined)
    setImmediate(write)
  }

  function write(): void {
    const done = batch
    const bytes = Buffer.from(waiting)
    waiting = ''
    batch = undefined
    try {
      segments.write(bytes)
      done?.resolve()
    } catch (cause) {
      done?.reject(cause)
    }
  }

  return {
    append(line) {
      add(line)
      return segments.keep()
    },
    note: add,
    written: () => batch?.promise ?? Promise.resolve(),
    settle: segments.settle,
    bytes: () => segments.bytes() + waiting.length,
    close() {
      if (batch !== undefined) write()
      segments.close()
    },
  }
}
