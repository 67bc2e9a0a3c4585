import { type FileHandle, open, readFile, rm } from 'node:fs/promises'

/** Ids of files that were sent and may not be attached to their store: what a run that is killed leaves behind. */
export type UploadJournal = {
  /** Ids noted by a run that did not end. */
  readLeftovers(): Promise<string[]>
  note(fileId: string): Promise<void>
  /** Everything noted is attached or removed. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** One id a line, appended, so that a kill costs at most a line. Without a file nothing is noted. */
export function openUploadJournal(file: string | undefined): UploadJournal {
  if (file === undefined) return noJournal
  let opened: Promise<FileHandle> | undefined
  return {
    async readLeftovers() {
      const text = await readFile(file, 'utf8').catch(() => '')
      return text.split('\n').filter((line) => line !== '')
    },
    async note(fileId) {
      opened ??= open(file, 'a', 0o600)
      await (await opened).write(`${fileId}\n`)
    },
    clear: () => rm(file, { force: true }),
    async close() {
      await (await opened)?.close()
    },
  }
}

const nothing = async () => undefined
const noJournal: UploadJournal = { readLeftovers: async () => [], note: nothing, clear: nothing, close: nothing }
