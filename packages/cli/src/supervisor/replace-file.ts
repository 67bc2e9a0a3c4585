import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { systemErrorCode } from '../cli-error.ts'

/**
 * Writes a file that only this user may read, in one step: readers see the old text or the new one, and never a part. A power cut may leave it empty, unless `isSynced`
 * is set, which puts the text on the disk first.
 */
export function replaceFile(path: string, text: string, { isSynced = false } = {}): void {
  const next = `${path}.${process.pid}`
  writeFileSync(next, text, { mode: 0o600, flush: isSynced })
  renameSync(next, path)
}

/** The text of a file; undefined when there is no such file, or when a power cut left it empty. */
export function readReplaced(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    return /^[\s\0]*$/.test(text) ? undefined : text
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
