import { existsSync, mkdirSync, statSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { isProcessAlive } from './process-identity.mjs'

const TEMPORARY = /^unfinished-(\d+)-/

/** Where everything that is fetched or built once per user is kept. */
export function cacheFolder(env = process.env) {
  if (env.WEFT_CACHE) return env.WEFT_CACHE
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'weft')
  return join(env.HOME || homedir(), '.cache', 'weft')
}

/**
 * Fills `cache/name` through `fill(folder)`, which works in an unfinished folder that is renamed only when complete:
 * a folder under its final name is always whole. Answers the final path; does nothing when it is there already.
 */
export async function completeFolder(cache, name, fill) {
  const target = join(cache, name)
  if (existsSync(target)) return target
  createFolder(cache)
  const unfinished = await mkdtemp(join(cache, `unfinished-${process.pid}-`))
  try {
    await fill(unfinished)
    await rename(unfinished, target)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return target
}

/**
 * Creates a folder with its missing parents. One after another: Node's own recursive creation never ends where a parent exists
 * and yet nothing can be made in it, as under /proc.
 */
export function createFolder(path) {
  if (isFolder(path)) return
  const parent = dirname(resolve(path))
  if (parent !== resolve(path)) createFolder(parent)
  try {
    mkdirSync(path)
  } catch (error) {
    if (!isFolder(path)) throw error
  }
}

function isFolder(path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Removes what a killed bootstrap left half done. */
export async function sweepUnfinished(cache) {
  if (!existsSync(cache)) return
  for (const name of await readdir(cache)) {
    const owner = TEMPORARY.exec(name)?.[1]
    if (owner && Number(owner) !== process.pid && !isProcessAlive(Number(owner))) {
      await rm(join(cache, name), { recursive: true, force: true })
    }
  }
}
