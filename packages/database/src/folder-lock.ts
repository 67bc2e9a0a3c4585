import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isCopied, WeftError } from '@weft/contracts'

/**
 * Notes in a file beside a data folder which process has it open, and answers how to remove the note. Two PGlite processes on one folder would destroy it, and
 * PGlite itself does not look. A note is taken over when its process is gone, and when it was copied here together with the folder: its process has the
 * original open. Throws `conflict` naming the process that has the folder open.
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

/** Whether a database runs under this id. Ids are given out again, so the command line must be a database's, where the system tells it. A note cut short names no process. */
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
