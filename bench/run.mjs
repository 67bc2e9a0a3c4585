// `node bench/run.mjs <name> [arguments]`: a benchmark under the toolchain's Node, whichever Node this is.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../tools/bootstrap/cache-folder.mjs'
import { runUnderNode } from '../tools/bootstrap/run-under-node.mjs'
import { readToolchain, toolchainEnvironment } from '../tools/bootstrap/toolchain-file.mjs'

const [name = '', ...args] = process.argv.slice(2)
const main = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, name, 'main.ts')
const cache = cacheFolder()
const toolchain = readToolchain(cache)
if (toolchain && name && existsSync(main)) {
  const env = toolchainEnvironment(toolchain, { cache })
  process.exitCode = await runUnderNode(toolchain, ['--disable-warning=ExperimentalWarning', main, ...args], { env })
} else {
  console.error(toolchain ? 'usage: node bench/run.mjs <name> [arguments]; bench/README.md names them' : 'run npm start first')
  process.exitCode = 2
}
