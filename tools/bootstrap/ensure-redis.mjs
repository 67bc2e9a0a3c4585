import { BootstrapError } from './bootstrap-error.mjs'
import { findProgram, pathFolders } from './find-program.mjs'
import { findRedis } from './find-redis.mjs'
import { installRedisWithApt } from './install-redis-with-apt.mjs'
import { REDIS_MINIMUM } from './pins.mjs'
import { unpackRedis } from './unpack-redis.mjs'

/** Finds a Redis or Valkey server, else installs Debian's as root, else unpacks it into the cache. Answers its path. */
export async function ensureRedis({ cache, env, signal, note, isRoot = process.getuid?.() === 0 }) {
  const context = { cache, env, signal, note }
  const found = await findRedis(context)
  if (found) {
    note(`${found.version}, ${found.path}`)
    return found.path
  }
  if (!findProgram('apt-get', pathFolders(env))) throw missingRedis(redisRemedy({ env, isRoot }))
  const attempts = isRoot ? [installRedisWithApt, unpackRedis] : [unpackRedis]
  const failures = []
  for (const attempt of attempts) {
    const failure = await attempt(context).catch((error) => error)
    if (failure?.code === 'INTERRUPTED' || failure?.code === 'DISK_FULL') throw failure
    const installed = await findRedis(context)
    if (installed) {
      note(`${installed.version}, ${installed.path}`)
      return installed.path
    }
    if (failure) failures.push(failure)
  }
  throw missingRedis(redisRemedy({ env, isRoot }), failures.at(-1))
}

/** The command that puts Redis on this machine, as this user would type it. */
export function redisRemedy({ env, isRoot }) {
  const managers = [
    ['apt-get', 'apt-get install redis-server'],
    ['dnf', 'dnf install redis'],
    ['apk', 'apk add redis'],
    ['pacman', 'pacman -S valkey'],
    ['zypper', 'zypper install redis'],
  ]
  const folders = pathFolders(env)
  const known = managers.find(([program]) => findProgram(program, folders))
  if (known) return isRoot ? known[1] : `sudo ${known[1]}`
  return 'brew install redis'
}

function missingRedis(remedy, cause) {
  const output = cause?.output ?? []
  return new BootstrapError(
    'NO_REDIS',
    `could not find or install Redis ${REDIS_MINIMUM} or newer: type \`${remedy}\` and run it again`,
    { cause, output },
  )
}
