import { unwatchFile, watchFile } from 'node:fs'
import { open } from 'node:fs/promises'

/** Hands on what is added to a file from now on, also after it was rotated or emptied. Answers how to end that. */
export async function followFile(path: string, show: (added: Buffer) => void, { pollMs = 250 } = {}): Promise<() => void> {
  let file = await open(path)
  let position = (await file.stat()).size
  const showAdded = async (): Promise<void> => {
    const { size } = await file.stat()
    if (size < position) position = 0
    if (size === position) return
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - position), 0, size - position, position)
    position += bytesRead
    show(buffer.subarray(0, bytesRead))
  }
  let work = Promise.resolve()
  watchFile(path, { interval: pollMs }, (now, before) => {
    work = work.then(async () => {
      await showAdded()
      if (now.ino === before.ino || now.ino === 0) return
      await file.close()
      file = await open(path)
      position = 0
      await showAdded()
    })
  })
  return () => {
    unwatchFile(path)
    work.then(() => file.close()).catch(() => undefined)
  }
}
