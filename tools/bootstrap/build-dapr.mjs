import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { appendFile, chmod, copyFile, cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BootstrapError } from './bootstrap-error.mjs'
import { completeFolder } from './cache-folder.mjs'
import { DAPR_PROGRAMS } from './find-dapr.mjs'
import { goEnvironment, requireGo } from './go-compiler.mjs'
import { DAPR_VERSION } from './pins.mjs'
import { runCommand } from './run-command.mjs'

const SOURCES = fileURLToPath(new URL('../dapr-runtime/', import.meta.url))
const REGISTRATION = join('components', 'mesh-components.go')
/** The file of Dapr's that a build without its component tags includes, and that panics; ours takes its place. */
const REPLACED = join('cmd', 'daprd', 'components', 'zz_notag.go')
const MODULE = 'github.com/dapr/dapr'

/** The cache folder's name changes whenever what goes into the build does. */
export function builtDaprName() {
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum', REGISTRATION]) hash.update(readFileSync(join(SOURCES, file)))
  return `dapr-${DAPR_VERSION}-${hash.digest('hex').slice(0, 12)}`
}

/** The programs of our own build under `cache`, whether built yet or not. The folder suits DAPR_RUNTIME_PATH. */
export function builtDapr(cache) {
  const folder = join(cache, builtDaprName(), '.dapr', 'bin')
  return { ...Object.fromEntries(DAPR_PROGRAMS.map((name) => [name, join(folder, name)])), version: DAPR_VERSION }
}

/**
 * Builds Dapr's sidecar, placement and scheduler with Go from the published module, with the components of
 * tools/dapr-runtime. About 4 minutes on two cores; Go keeps what it compiled, so a repeated attempt goes on from there.
 */
export async function buildDapr({ cache, env, signal, note }) {
  const go = await requireGo(env)
  await completeFolder(cache, builtDaprName(), async (unfinished) => {
    note('downloading the source')
    const work = join(unfinished, 'work')
    await prepareSource(work, { go, env, signal })
    const target = join(unfinished, '.dapr', 'bin')
    await mkdir(target, { recursive: true })
    await compile({ go, work, target, env, signal, note })
    await rm(work, { recursive: true })
  })
  return builtDapr(cache)
}

/** Go's module cache is read-only and refuses overlays, so the module is copied and one file of it replaced. */
async function prepareSource(work, { go, env, signal }) {
  const runtime = join(work, 'runtime')
  const dapr = join(work, 'dapr')
  await mkdir(runtime, { recursive: true })
  for (const file of ['go.mod', 'go.sum']) await copyFile(join(SOURCES, file), join(runtime, file))
  const { stdout } = await runCommand(go, ['mod', 'download', '-json', MODULE], {
    cwd: runtime,
    env: goEnvironment(env, work),
    signal,
  })
  await cp(moduleFolder(stdout), dapr, { recursive: true })
  await makeWritable(dapr)
  await copyFile(join(SOURCES, REGISTRATION), join(dapr, REPLACED))
  await appendFile(join(runtime, 'go.mod'), `\nreplace ${MODULE} => ../dapr\n`)
}

function moduleFolder(json) {
  const folder = JSON.parse(json).Dir
  if (typeof folder !== 'string') throw new BootstrapError('GO_ANSWER', `could not find ${MODULE} in Go's module cache`)
  return folder
}

async function makeWritable(folder) {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    await chmod(join(entry.parentPath ?? entry.path, entry.name), entry.isDirectory() ? 0o755 : 0o644)
  }
}

async function compile({ go, work, target, env, signal, note }) {
  let packageCount = 0
  const args = ['build', '-mod=readonly', '-buildvcs=false', '-trimpath', '-v']
  const flags = ['-ldflags', `-s -w -X ${MODULE}/pkg/buildinfo.version=${DAPR_VERSION}`]
  await runCommand(go, [...args, ...flags, '-o', `${target}/`, ...DAPR_PROGRAMS.map((name) => `${MODULE}/cmd/${name}`)], {
    cwd: join(work, 'runtime'),
    env: goEnvironment(env, work),
    signal,
    onLine: (line) => {
      if (line.startsWith('go: downloading')) return note('downloading modules')
      packageCount += 1
      note(`compiling, ${packageCount} packages`)
    },
  })
}
