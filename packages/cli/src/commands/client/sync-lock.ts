import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { errorMessage, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { CliError } from '../../cli-error.ts'
import { ownIdentity } from '../../supervisor/mesh-lock.ts'
import { isRunning, ProcessIdentity } from '../../supervisor/running-process.ts'
import { isWithin } from './walk-paths.ts'

const LockOwner = ProcessIdentity.extend({ store: z.string(), paths: z.array(z.string()), since: z.string() })
type LockOwner = z.infer<typeof LockOwner>

export type SyncPlace = {
  /** The folder with the locks of all syncs. */
  folder: string
  /** The store, with the mesh that it is in. */
  store: string
  /** The absolute paths that are synced. */
  paths: string[]
}

export type SyncLock = { journalFile: string; release(): Promise<void> }

type Clock = { now: () => number; sleep: (ms: number) => Promise<void> }

/** Two syncs that start at the same moment see each other, and both step back and try again. This is how often. */
const triesMax = 5
const stepBackMs = 200

/**
 * Makes this process the only one that syncs these paths into this store. The lock of a process that is gone does not count. Throws `already_running`, naming the
 * process that syncs one of the paths or a folder above or below one, and `sync_not_noted` when the lock cannot be written.
 */
export async function takeSyncLock(place: SyncPlace, clock: Clock): Promise<SyncLock> {
  const { folder, store, paths } = place
  const identity = ownIdentity()
  const name = createHash('sha256')
    .update(JSON.stringify([store, paths.toSorted()]))
    .digest('hex')
    .slice(0, 32)
  const file = join(folder, `${name}.${identity.pid}.lock`)
  const own: LockOwner = { ...identity, store, paths, since: new Date(clock.now()).toISOString() }
  for (let tries = 1; ; tries++) {
    await noteOwner(folder, file, own)
    const other = await findOther(place, own)
    if (other === undefined) return { journalFile: join(folder, `${name}.uploads`), release: () => rm(file, { force: true }) }
    await rm(file, { force: true })
    if (tries === triesMax) throw alreadyRunning(other)
    await clock.sleep(stepBackMs * tries * (1 + (identity.pid % 7) / 7))
  }
}

async function noteOwner(folder: string, file: string, own: LockOwner): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    // Written under another name and then renamed, so that nobody reads half of it.
    await writeFile(`${file}.new`, JSON.stringify(own), { mode: 0o600 })
    await rename(`${file}.new`, file)
  } catch (cause) {
    await rm(`${file}.new`, { force: true }).catch(() => undefined)
    const what = 'what a sync has to know after a kill cannot be written'
    throw new CliError('sync_not_noted', `${what} in ${folder}: ${errorMessage(cause)}`, { cause })
  }
}

/** Another running sync into the same store whose paths overlap with these. Removes locks of processes that are gone. */
async function findOther({ folder, store, paths }: SyncPlace, own: LockOwner): Promise<LockOwner | undefined> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.lock')) continue
    const owner = await readOwner(join(folder, name))
    if (owner === undefined || (owner.pid === own.pid && owner.startMark === own.startMark)) continue
    if (!isRunning(owner)) await rm(join(folder, name), { force: true })
    else if (owner.store === store && owner.paths.some((theirs) => paths.some((ours) => isEither(ours, theirs)))) return owner
  }
  return undefined
}

async function readOwner(file: string): Promise<LockOwner | undefined> {
  try {
    return parseJson(LockOwner, await readFile(file, 'utf8'), file)
  } catch {
    return undefined
  }
}

function isEither(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a)
}

function alreadyRunning({ pid, since, paths }: LockOwner): CliError {
  const message = `process ${pid} has been syncing ${paths.join(', ')} into this store since ${since}: wait for its end, then run this again`
  return new CliError('already_running', message, { isRetryable: true })
}
