import { explainFailure } from './bootstrap-error.mjs'
import { runCommand } from './run-command.mjs'

const PACKAGE = 'redis-server'
const OPTIONS = ['-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120']

/** Installs Debian's Redis as root. Its service is not started: the mesh runs a server of its own. */
export async function installRedisWithApt({ cache, env, signal, note }) {
  // systemctl and invoke-rc.d read these two and then leave the freshly installed service alone.
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1', RUNLEVEL: '1' }
  try {
    await download(quiet, { signal, note })
    note(`installing ${PACKAGE} with apt-get`)
    // No signal: dpkg cut off half-way would leave the system's package database in need of repair.
    await runCommand('apt-get', ['install', ...OPTIONS, PACKAGE], { env: quiet })
  } catch (error) {
    throw explainFailure(`install ${PACKAGE} with apt-get`, error, { cache })
  }
}

async function download(env, { signal, note }) {
  const args = ['install', ...OPTIONS, '--download-only', PACKAGE]
  note(`downloading ${PACKAGE} with apt-get`)
  try {
    await runCommand('apt-get', args, { env, signal })
  } catch (error) {
    if (error.code !== 'COMMAND_FAILED') throw error
    note('updating the package lists')
    await runCommand('apt-get', ['update'], { env, signal })
    await runCommand('apt-get', args, { env, signal })
  }
}
