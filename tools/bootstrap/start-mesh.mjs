import { ensureToolchain } from './ensure-toolchain.mjs'
import { exitWith } from './exit-with.mjs'
import { ROOT, runWeft } from './run-weft.mjs'

await exitWith(async () => {
  const toolchain = await ensureToolchain({ workspace: ROOT })
  return runWeft(toolchain, ['up', ...process.argv.slice(2)])
})
