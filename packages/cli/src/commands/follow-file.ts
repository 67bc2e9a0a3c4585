import { open, stat } from 'node:fs/promises'

/** Passes on what is added to a file from now on, also after it was rotated or emptied. Answers a function that ends this. */
export async function followFile(path: string, show: (added: Buffer) => void, { pollMs = 250 } = {}): Promise<() => void> {
  let file = await open(path)
  let { size: position, ino } = await file.stat()

  async function showAdded(): Promise<void> {
    const { size } = await file.stat()
    if (size < position) position = 0
    if (size === position) return
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - position), 0, size - position, position)
    position += bytesRead
    show(buffer.subarray(0, bytesRead))
  }

  async function look(): Promise<void> {
    await showAdded()
    const now = await stat(path)
    if (now.ino === ino) return
    const next = await open(path)
    await file.close()
    file = next
    position = 0
    ino = (await file.stat()).ino
    await showAdded()
  }

  let looking: Promise<void> | undefined
  const timer = setInterval(() => {
    // The file does not exist between a rotation and the first line after it.
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = undefined
      })
  }, pollMs)
  return () => {
    clearInterval(timer)
    void (looking ?? Promise.resolve()).then(() => file.close()).catch(() => undefined)
  }
}
