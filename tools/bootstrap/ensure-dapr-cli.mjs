import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { explainFailure } from './bootstrap-error.mjs'
import { cacheFolder, completeFolder } from './cache-folder.mjs'
import { isExecutable } from './find-program.mjs'
import { goEnvironment, requireGo } from './go-compiler.mjs'
import { withInstallLock } from './install-lock.mjs'
import { DAPR_CLI_VERSION } from './pins.mjs'
import { runCommand } from './run-command.mjs'

const SOURCES = fileURLToPath(new URL('../dapr-runtime/cli/', import.meta.url))
const MODULE = 'github.com/dapr/cli'

/** The path of Dapr's command line, built with Go on first use; the mesh itself never needs it. */
export async function ensureDaprCli({ env = process.env, signal } = {}) {
  const cache = cacheFolder(env)
  const name = `dapr-cli-${DAPR_CLI_VERSION}`
  const path = join(cache, name, 'dapr')
  if (isExecutable(path)) return path
  await withInstallLock(cache, () => completeFolder(cache, name, (folder) => build(folder, { cache, env, signal })), { signal })
  return path
}

async function build(folder, { cache, env, signal }) {
  const go = await requireGo(env)
  const work = join(folder, 'work')
  await mkdir(work)
  for (const file of ['go.mod', 'go.sum']) await copyFile(join(SOURCES, file), join(work, file))
  const flags = ['-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', `-s -w -X main.version=${DAPR_CLI_VERSION}`]
  try {
    await runCommand(go, ['build', ...flags, '-o', join(folder, 'dapr'), MODULE], {
      cwd: work,
      env: goEnvironment(env, work),
      signal,
    })
  } catch (error) {
    throw explainFailure(`build Dapr's command line ${DAPR_CLI_VERSION} with Go`, error, { cache })
  }
  await rm(work, { recursive: true })
}
