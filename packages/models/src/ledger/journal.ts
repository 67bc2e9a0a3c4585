import { openSegments } from './journal-segments.ts'

export interface JournalOptions {
  /** A folder of this process alone; it is made here. */
  folder: string
  /** Once a file is this large, the next one is begun. */
  segmentBytesMax: number
}

/**
 * Lines that outlive this process: once `written` settles they are with the operating system, and they stay until they are settled. Lines that are added in one
 * turn of the event loop are written together.
 */
export interface Journal {
  /** Adds a line. Answers the segment it is in, which is kept until {@link settle} was called for each of its lines. */
  append(line: string): number
  /** Adds a line that nothing depends on. */
  note(line: string): void
  /** Settles once everything added so far is written. Throws what the disk says. */
  written(): Promise<void>
  settle(segment: number): void
  bytes(): number
  /** Closes the journal. Its folder is removed when nothing in it is unsettled. */
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
    // Lines that are only noted are not waited for, so a failure must not count as unhandled.
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
