import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { isCopied, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { CliError, systemErrorCode } from '../cli-error.ts'
import { isRunning, ProcessIdentity, readStartMark } from './running-process.ts'

const LockOwner = ProcessIdentity.extend({ url: z.string(), writtenAs: z.string().optional() })
export type LockOwner = z.infer<typeof LockOwner>

/**
 * Makes this process the only supervisor of a data folder. Answers a function that releases the lock. Throws `already_running` with the address of another
 * one.
 */
export function takeMeshLock(lockFile: string, url: string): () => void {
  const owner = { ...ownIdentity(), url, writtenAs: lockFile }
  if (!createLock(lockFile, owner)) {
    const found = readIfThere(lockFile)
    const running = runningOwner(found, lockFile)
    if (running !== undefined) throw alreadyRunning(running)
    if (found !== undefined) removeStaleLock(lockFile, found)
    if (!createLock(lockFile, owner)) throw alreadyRunning(readLockOwner(lockFile))
  }
  return () => {
    if (holdsMeshLock(lockFile)) rmSync(lockFile, { force: true })
  }
}

/**
 * Removes the lock of a supervisor that was killed. When two processes do so at once, the slower one may find the other's new lock in its place. So the lock is moved
 * aside and compared, and put back when it is not the one that was judged stale; then this throws `already_running`.
 */
export function removeStaleLock(lockFile: string, staleText: string): void {
  const aside = `${lockFile}.stale.${process.pid}`
  try {
    renameSync(lockFile, aside)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return
    throw error
  }
  const moved = readFileSync(aside, 'utf8')
  if (moved === staleText) {
    rmSync(aside)
    return
  }
  renameSync(aside, lockFile)
  throw alreadyRunning(runningOwner(moved, lockFile))
}

/** Whether this process still has the lock. It does not when the data folder was removed, or when another process took the lock. */
export function holdsMeshLock(lockFile: string): boolean {
  try {
    return parseJson(LockOwner, readFileSync(lockFile, 'utf8'), lockFile).pid === process.pid
  } catch (error) {
    // A lock that cannot be read for another reason, such as too many open files, is taken to be held.
    return systemErrorCode(error) !== 'ENOENT'
  }
}

/** Throws `already_running`, with the address of the mesh, when one runs with this data folder. */
export function refuseRunningMesh(lockFile: string): void {
  const owner = readLockOwner(lockFile)
  if (owner !== undefined) throw alreadyRunning(owner)
}

/** The supervisor that runs the mesh of this data folder; undefined when none does. */
export function readLockOwner(lockFile: string): LockOwner | undefined {
  return runningOwner(readIfThere(lockFile), lockFile)
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** The owner of a lock, if it runs. Undefined for a lock that was copied with a data folder, because it is for the original folder. */
function runningOwner(text: string | undefined, lockFile: string): LockOwner | undefined {
  try {
    const owner = parseJson(LockOwner, text ?? '', 'the lock')
    return isRunning(owner) && !isCopied(lockFile, owner.writtenAs) ? owner : undefined
  } catch {
    return undefined
  }
}

export function ownIdentity(): ProcessIdentity {
  const startMark = readStartMark(process.pid)
  if (startMark === undefined)
    throw new CliError('no_process_table', 'the system does not tell when a process began: neither /proc nor ps is there')
  return { pid: process.pid, startMark }
}

function createLock(lockFile: string, owner: LockOwner): boolean {
  try {
    writeFileSync(lockFile, `${JSON.stringify(owner)}\n`, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false
    throw error
  }
}

function alreadyRunning(owner: LockOwner | undefined): CliError {
  if (owner === undefined)
    return new CliError('already_running', 'another start takes this data folder over just now: look at npx weft status', {
      isRetryable: true,
    })
  return new CliError('already_running', `already running at ${owner.url} (process ${owner.pid}); end it with: npx weft down`)
}
