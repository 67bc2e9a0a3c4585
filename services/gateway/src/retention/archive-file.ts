import { type FileHandle, open } from 'node:fs/promises'
import { WeftError } from '@weft/contracts'

/** A file to which one process at a time appends lines. Once another process has written to it, every method but `close` throws `conflict`. */
export interface ArchiveFile {
  /** Adds to the current line. The text goes to the file once enough has come together, at the latest with `endLine`. */
  write(text: string): Promise<void>
  /** Ends the current line: everything written so far is then whole. */
  endLine(): Promise<void>
  /** Removes what was written after the last whole line. */
  cut(): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

const bufferedCharsMax = 65_536
const blockBytes = 65_536
const lineEnd = 0x0a

/**
 * Opens the file, or creates it. A last line without an end was left by a process that died while it wrote: it is cut off, because what it tells was not yet
 * removed from the database.
 */
export async function openArchiveFile(path: string): Promise<ArchiveFile> {
  const file = await open(path, 'a+', 0o600)
  let wholeBytes = await endOfLastLine(file).catch(async (cause: unknown) => {
    await file.close()
    throw cause
  })
  let buffered = ''
  let ownBytes = (await file.stat()).size
  const requireSize = async (isRight: (size: number) => boolean) => {
    if (!isRight((await file.stat()).size)) throw new WeftError('conflict', `another process writes to ${path}`)
  }
  const flush = async () => {
    const text = buffered
    buffered = ''
    await requireSize((size) => size === ownBytes)
    ownBytes += Buffer.byteLength(text)
    await file.appendFile(text)
  }
  const cut = async () => {
    buffered = ''
    // The file may be shorter than expected, because a full disk took only a part of what was written.
    await requireSize((size) => size <= ownBytes)
    await file.truncate(wholeBytes)
    ownBytes = wholeBytes
  }
  if (ownBytes > wholeBytes) await cut()
  return {
    async write(text) {
      buffered += text
      if (buffered.length >= bufferedCharsMax) await flush()
    },
    async endLine() {
      await flush()
      await requireSize((size) => size === ownBytes)
      wholeBytes = ownBytes
    },
    cut,
    sync: () => file.sync(),
    close: () => file.close(),
  }
}

async function endOfLastLine(file: FileHandle): Promise<number> {
  const block = Buffer.alloc(blockBytes)
  for (let end = (await file.stat()).size; end > 0; ) {
    const start = Math.max(0, end - blockBytes)
    const { bytesRead } = await file.read(block, 0, end - start, start)
    const last = block.subarray(0, bytesRead).lastIndexOf(lineEnd)
    if (last >= 0) return start + last + 1
    end = start
  }
  return 0
}
