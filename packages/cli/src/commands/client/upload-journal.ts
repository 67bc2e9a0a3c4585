import { type FileHandle, open, readFile, rm } from 'node:fs/promises'

/** Notes the ids of files that were sent but may not be attached yet, so that those of a killed run can be removed. */
export type UploadJournal = {
  /** The ids that were noted by a run that did not end. */
  readLeftovers(): Promise<string[]>
  note(fileId: string): Promise<void>
  /** Forgets all ids, once their files are attached or removed. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** Opens the journal. Each id is appended as a line, so that a kill loses one line at most. Without a file nothing is noted. */
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
