// `npm run front-end`: Open WebUI in a browser against a mesh, under the toolchain's Node, whichever Node this is.
import { join } from 'node:path'
import { cacheFolder } from '../../tools/bootstrap/cache-folder.mjs'
import { runUnderNode } from '../../tools/bootstrap/run-under-node.mjs'
import { readToolchain, toolchainEnvironment } from '../../tools/bootstrap/toolchain-file.mjs'
import { findChromium, installOpenWebUi, version } from './install-open-webui.mjs'

const cache = cacheFolder()
const toolchain = readToolchain(cache)
if (toolchain) {
  const found = await find().catch((cause) =>
    console.error(`SKIPPED: Open WebUI ${version} in a browser: ${String(cause).slice(0, 1_000)}`),
  )
  if (found) {
    const main = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, 'main.ts')
    const env = toolchainEnvironment(toolchain, { cache })
    process.exitCode = await runUnderNode(toolchain, ['--disable-warning=ExperimentalWarning', main, ...found], { env })
  }
} else {
  console.error('run npm start first')
  process.exitCode = 2
}

async function find() {
  const chromium = await findChromium()
  console.log(`Open WebUI ${version} is fetched once into ${cache}, which takes some minutes and 7 GB`)
  return [await installOpenWebUi(cache), chromium]
}
