import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { interrupted } from './bootstrap-error.mjs'
import { createFolder } from './cache-folder.mjs'
import { isProcessAlive, startMark } from './process-identity.mjs'

const RETRY_MS = 300
/** Taking over and releasing are two file operations each; what is half done for so long was killed in between. */
const ABANDONED_MS = 10_000

/**
 * Holds the lock folder `cache/installing.lock` while `work` runs. A lock whose owner no longer lives is taken over; a living
 * owner is waited for, after telling `onWait(pid)` once.
 */
export async function withInstallLock(cache, work, { signal, onWait = () => {} } = {}) {
  createFolder(cache)
  const folder = join(cache, 'installing.lock')
  const self = { pid: process.pid, mark: startMark(process.pid), token: randomUUID() }
  let hasTold = false
  while (!(await tryLock(cache, folder, self))) {
    const owner = readOwner(folder)
    if (owner ? isStale(owner) : await isOlderThan(folder, ABANDONED_MS)) {
      await takeOver(folder, self)
      continue
    }
    if (owner && !hasTold) {
      hasTold = true
      onWait(owner.pid)
    }
    await delay(RETRY_MS, undefined, { signal }).catch(() => {})
    if (signal?.aborted) throw interrupted()
  }
  try {
    return await work()
  } finally {
    await release(cache, folder)
  }
}

/** The folder loses its name while it still has its owner: one emptied under its name could be another's lock by then. */
async function release(cache, folder) {
  const bin = await mkdtemp(join(cache, `unfinished-${process.pid}-lock-`))
  await rename(folder, join(bin, 'released'))
  await rm(bin, { recursive: true })
}

/** A lock is stale when its owner is gone, or when its process id now belongs to a process started at another time. */
export function isStale(owner, { isAlive = isProcessAlive, markOf = startMark } = {}) {
  if (!isAlive(owner.pid)) return true
  const mark = markOf(owner.pid)
  return owner.mark !== undefined && mark !== undefined && owner.mark !== mark
}

/** The owner file is written before the folder gets its name, so a lock is never seen without an owner. */
async function tryLock(cache, folder, self) {
  if (readOwner(folder)?.token === self.token) return true
  const prepared = await mkdtemp(join(cache, `unfinished-${process.pid}-lock-`))
  try {
    await writeFile(join(prepared, 'owner.json'), JSON.stringify(self))
    await rename(prepared, folder)
    return true
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error
    return false
  } finally {
    await rm(prepared, { recursive: true, force: true })
  }
}

/** Only one waiter can hold the inner folder, and it looks at the owner again before it replaces it. */
async function takeOver(folder, self) {
  const guard = join(folder, 'taking-over')
  try {
    await mkdir(guard)
  } catch (error) {
    if (error.code === 'EEXIST') await dropOldGuard(guard)
    else if (error.code !== 'ENOENT') throw error
    return
  }
  const owner = readOwner(folder)
  if (!owner || isStale(owner)) {
    const next = join(guard, 'owner.json')
    await writeFile(next, JSON.stringify(self))
    await rename(next, join(folder, 'owner.json'))
  }
  await rmdir(guard)
}

async function dropOldGuard(guard) {
  if (await isOlderThan(guard, ABANDONED_MS)) await rm(guard, { recursive: true, force: true })
  else await delay(RETRY_MS)
}

async function isOlderThan(folder, ageMs) {
  try {
    const { mtimeMs } = await stat(folder)
    return Date.now() - mtimeMs > ageMs
  } catch (error) {
    if (error.code === 'ENOENT') return false
    throw error
  }
}

function readOwner(folder) {
  try {
    const owner = JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))
    return Number.isInteger(owner?.pid) ? owner : undefined
  } catch {
    return undefined
  }
}
