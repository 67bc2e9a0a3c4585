// `npm run chaos -- [arguments]`: the long run under the toolchain's Node, whichever Node this is.
import { join } from 'node:path'
import { cacheFolder } from '../../tools/bootstrap/cache-folder.mjs'
import { runUnderNode } from '../../tools/bootstrap/run-under-node.mjs'
import { readToolchain, toolchainEnvironment } from '../../tools/bootstrap/toolchain-file.mjs'

const main = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, 'main.ts')
const cache = cacheFolder()
const toolchain = readToolchain(cache)
if (toolchain) {
  const env = toolchainEnvironment(toolchain, { cache })
  const args = ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)]
  process.exitCode = await runUnderNode(toolchain, args, { env })
} else {
  console.error('run npm start first')
  process.exitCode = 2
}
