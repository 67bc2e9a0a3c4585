import { type FileHandle, open } from 'node:fs/promises'
import { WeftError } from '@weft/contracts'

/** A file of lines that is appended to, by one process at a time: once another one has written to it, every method but `close` throws `conflict`. */
export interface ArchiveFile {
  /** Goes to the file once enough has come together, at the latest with `endLine`. */
  write(text: string): Promise<void>
  /** Everything before here is whole. */
  endLine(): Promise<void>
  /** Takes back what was written after the last whole line. */
  cut(): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

const bufferedCharsMax = 65_536
const blockBytes = 65_536
const lineEnd = 0x0a

/** Opens the file, or makes it. A line whose end is missing was left by a process that died while it wrote: nothing was removed for it, so it goes. */
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
    // A full disk takes a part alone of what is written.
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
