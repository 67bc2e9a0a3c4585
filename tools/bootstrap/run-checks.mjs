import { cacheFolder } from './cache-folder.mjs'
import { ensureToolchain } from './ensure-toolchain.mjs'
import { exitWith } from './exit-with.mjs'
import { fetchTestPostgres } from './fetch-test-postgres.mjs'
import { runUnderNode } from './run-under-node.mjs'
import { ROOT } from './run-weft.mjs'
import { toolchainEnvironment } from './toolchain-file.mjs'

await exitWith(async () => {
  const toolchain = await ensureToolchain({ workspace: ROOT })
  await fetchTestPostgres()
  const env = toolchainEnvironment(toolchain, { cache: cacheFolder() })
  return runUnderNode(toolchain, [toolchain.pnpmCli, 'run', 'verify', ...process.argv.slice(2)], { cwd: ROOT, env })
})
