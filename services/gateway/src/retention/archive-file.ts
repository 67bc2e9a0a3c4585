import { type FileHandle, open } from 'node:fs/promises'

/** A file of lines that is appended to. */
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
  const flush = async () => {
    const text = buffered
    buffered = ''
    await file.appendFile(text)
  }
  const cut = async () => {
    buffered = ''
    await file.truncate(wholeBytes)
  }
  if ((await file.stat()).size > wholeBytes) await cut()
  return {
    async write(text) {
      buffered += text
      if (buffered.length >= bufferedCharsMax) await flush()
    },
    async endLine() {
      await flush()
      wholeBytes = (await file.stat()).size
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
