import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { completeFolder } from '../../tools/bootstrap/cache-folder.mjs'

const run = promisify(execFile)
export const version = '0.12.4'
/** pip's resolver does not come to an end of its requirements within a quarter of an hour. */
const uv = 'uv==0.13.9'
const timeout = 1_800_000

/** Open WebUI as PyPI has it, in a folder of its own below the cache (7 GB): answers the Python that has it. Throws where it cannot be had. */
export async function installOpenWebUi(cache) {
  const folder = await completeFolder(cache, `open-webui-${version}`, async (unfinished) => {
    const python = join(unfinished, 'bin', 'python')
    await run('python3.11', ['-m', 'venv', unfinished])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', uv], { timeout })
    const packages = ['--quiet', '--no-cache', '--python', python, `open-webui==${version}`]
    await run(python, ['-m', 'uv', 'pip', 'install', ...packages], { timeout })
  })
  return join(folder, 'bin', 'python')
}

/** The first Chromium of the PATH. Throws where there is none. */
export async function findChromium() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const found = await run('which', [name]).catch(() => undefined)
    if (found) return found.stdout.trim()
  }
  throw new Error('no chromium is on the PATH (apt-get install chromium)')
}
