import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describeFailure } from './bootstrap-error.mjs'
import { cacheFolder } from './cache-folder.mjs'
import { ensurePostgres } from './ensure-postgres.mjs'
import { withInstallLock } from './install-lock.mjs'
import { NATIVE_POSTGRES } from './pins.mjs'
import { createProgress } from './progress.mjs'
import { withInterruption } from './with-interruption.mjs'

/**
 * Has a native PostgreSQL ready for the tests. Where it cannot be had they do without: that is said, and no failure. Throws only INTERRUPTED.
 */
export async function fetchTestPostgres({ env = process.env, stream = process.stderr, ensure = ensurePostgres } = {}) {
  const cache = cacheFolder(env)
  if (existsSync(join(cache, NATIVE_POSTGRES.folder))) return
  const progress = createProgress({ stream })
  const onWait = (pid) => progress.say(`weft: another installation is running (process ${pid}); waiting for it`)
  const fetch = (signal) => progress.run('PostgreSQL', (note) => ensure({ cache, env, signal, note }))
  try {
    await withInterruption(({ signal }) => withInstallLock(cache, () => fetch(signal), { signal, onWait }))
  } catch (error) {
    if (error.code === 'INTERRUPTED') throw error
    stream.write(`SKIPPED: tests on a native PostgreSQL, which is not here\n${describeFailure(error)}\n`)
  }
}
