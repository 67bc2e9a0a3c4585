import { renameSync, writeFileSync } from 'node:fs'

/** Writes a file that only this user may read, in one step: readers see the old text or the new, never a part. */
export function replaceFile(path: string, text: string): void {
  const next = `${path}.${process.pid}`
  writeFileSync(next, text, { mode: 0o600 })
  renameSync(next, path)
}
