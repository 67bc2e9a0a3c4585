import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { explainFailure } from './bootstrap-error.mjs'
import { PNPM_VERSION } from './pins.mjs'
import { runCommand } from './run-command.mjs'
import { toolchainEnvironment } from './toolchain-file.mjs'

const STAMP = join('node_modules', '.weft-installed')

/** True when the packages on disk are those of the lockfile, as far as can be told without starting pnpm. */
export function isWorkspaceInstalled(root) {
  const stamp = join(root, STAMP)
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== describeWorkspace(root)) return false
  return packageFolders(root).every((folder) => !hasDependencies(folder) || existsSync(join(folder, 'node_modules')))
}

/** Installs the workspace exactly as its lockfile says, with the toolchain's Node and pnpm. */
export async function installWorkspace(root, toolchain, { cache, env, signal, note }) {
  if (isWorkspaceInstalled(root)) return note('up to date')
  const description = describeWorkspace(root)
  rmSync(join(root, STAMP), { force: true })
  note('installing from the lockfile')
  try {
    await runCommand(toolchain.nodeBin, [toolchain.pnpmCli, 'install', '--frozen-lockfile', '--reporter=append-only'], {
      cwd: root,
      env: installEnvironment(toolchainEnvironment(toolchain, { cache, env })),
      signal,
      onLine: (line) => line.startsWith('Progress:') && note(line.replace('Progress: ', '')),
    })
  } catch (error) {
    throw explainFailure('install the packages of this checkout', error, { cache })
  }
  writeFileSync(join(root, STAMP), description)
  note('installed')
}

/**
 * `CI` keeps pnpm from asking; under `NODE_ENV=production` it would leave out what the tests need; its waits between attempts
 * are shortened, as npm's are.
 */
function installEnvironment(env) {
  const { NODE_ENV: _, ...rest } = env
  return { ...rest, CI: 'true', pnpm_config_fetch_retry_mintimeout: '1000', pnpm_config_fetch_retry_maxtimeout: '4000' }
}

/** Changes whenever an installation is due: the lockfile, any package's own file, or pnpm itself. */
function describeWorkspace(root) {
  const hash = createHash('sha256').update(PNPM_VERSION)
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', ...packageFiles(root)]
  for (const file of files) hash.update(`\n${file}\n`).update(readOrEmpty(join(root, file)))
  return `${hash.digest('hex')}\n`
}

/** Paths of every package.json relative to `root`: a workspace's packages lie one or two folders deep. */
export function packageFiles(root) {
  const first = childFolders(root, '.')
  const second = first.flatMap((folder) => childFolders(root, folder))
  return ['.', ...first, ...second].map((folder) => join(folder, 'package.json')).filter((file) => existsSync(join(root, file)))
}

function packageFolders(root) {
  return packageFiles(root).map((file) => join(root, file, '..'))
}

function childFolders(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => join(folder, entry.name))
    .sort()
}

function hasDependencies(folder) {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.keys({ ...dependencies, ...devDependencies }).length > 0
}

function readOrEmpty(path) {
  return existsSync(path) ? readFileSync(path) : ''
}
