import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, pathFolders } from './find-program.mjs'
import { isAtLeast } from './parse-version.mjs'
import { REDIS_MINIMUM } from './pins.mjs'
import { askCommand } from './run-command.mjs'

export const UNPACKED_REDIS = 'redis-debian-'
const PROGRAMS = ['redis-server', 'valkey-server']
/** Debian keeps servers out of an ordinary user's PATH only by habit of some shells; Homebrew's folders are absent from few. */
const USUAL_FOLDERS = ['/usr/bin', '/usr/local/bin', '/usr/sbin', '/opt/homebrew/bin']

/** The first Redis or Valkey server new enough, on PATH or unpacked in the cache: `{path, version}` or undefined. */
export async function findRedis({ cache, env, note }) {
  for (const path of redisCandidates(cache, env)) {
    const version = redisVersion((await askCommand(path, ['--version'], { env })) ?? '')
    if (version && isAtLeast(version, REDIS_MINIMUM)) return { path, version }
    note(
      `passed over ${path}: ${version ? `version ${version} is not ${REDIS_MINIMUM} or newer` : 'it does not tell its version'}`,
    )
  }
  return undefined
}

/** `Redis server v=7.0.15 sha=…` and `Valkey server v=8.0.1 …` both name their version so. */
export function redisVersion(answer) {
  return /\bv=(\d+\.\d+\.\d+)/.exec(answer)?.[1]
}

function redisCandidates(cache, env) {
  const folders = [...new Set([...pathFolders(env), ...USUAL_FOLDERS])]
  const installed = PROGRAMS.map((name) => findProgram(name, folders))
  const unpacked = existsSync(cache) ? readdirSync(cache).filter((name) => name.startsWith(UNPACKED_REDIS)) : []
  return [...installed, ...unpacked.map((name) => findProgram('redis-server', [join(cache, name)]))].filter(Boolean)
}
