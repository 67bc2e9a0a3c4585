import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { systemErrorCode } from '../cli-error.ts'

/**
 * Writes a file that only this user may read, in one step: readers see the old text or the new, never a part. A power cut may leave it empty,
 * unless `isSynced` has the text on the disk before it takes its place.
 */
export function replaceFile(path: string, text: string, { isSynced = false } = {}): void {
  const next = `${path}.${process.pid}`
  writeFileSync(next, text, { mode: 0o600, flush: isSynced })
  renameSync(next, path)
}

/** What a file holds; undefined where there is none, or a power cut left nothing in it. */
export function readReplaced(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    return /^[\s\0]*$/.test(text) ? undefined : text
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
