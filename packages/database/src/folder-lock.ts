import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isCopied, WeftError } from '@weft/contracts'

/**
 * Notes in a file beside a data folder who has it open. Two PGlite processes on one folder would destroy it, and PGlite itself does
 * not look. A note left by a process that was killed is taken over, and one that was copied with another folder, whose process has that one
 * open. Throws `conflict` naming the process that has the folder open.
 */
export function lockFolder(folder: string): () => void {
  const note = resolve(`${folder.replace(/\/+$/, '')}.pid`)
  const own = `${process.pid}\n${note}`
  try {
    writeFileSync(note, own, { flag: 'wx', mode: 0o600 })
  } catch {
    const [pid, writtenAs] = readFileSync(note, 'utf8').split('\n')
    const holder = Number(pid)
    if (holder !== process.pid && isServing(holder) && !isCopied(note, writtenAs)) throw inUse(folder, holder)
    writeFileSync(note, own, { mode: 0o600 })
  }
  return () => rmSync(note, { force: true })
}

function inUse(folder: string, holder: number): WeftError {
  return new WeftError(
    'conflict',
    `the data folder ${folder} is in use by process ${holder}: end that one, or name another folder`,
  )
}

/** Process ids are used again: where the system tells the command line, it must be a database's. A note cut short names nobody. */
function isServing(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('pglite')
  } catch {
    return true
  }
}
