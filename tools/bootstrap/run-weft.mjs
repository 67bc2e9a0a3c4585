import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from './cache-folder.mjs'
import { runUnderNode } from './run-under-node.mjs'
import { toolchainEnvironment } from './toolchain-file.mjs'

/** The checkout these tools belong to. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs Weft's command line with `args` under the toolchain's Node, in the caller's folder; answers its exit code. */
export function runWeft(toolchain, args) {
  const main = join(ROOT, 'packages', 'cli', 'src', 'main.ts')
  const env = toolchainEnvironment(toolchain, { cache: cacheFolder() })
  return runUnderNode(toolchain, ['--disable-warning=ExperimentalWarning', main, ...args], { env })
}
