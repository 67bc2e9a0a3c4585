import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.mjs'
import { ensureToolchain } from './ensure-toolchain.mjs'
import { exitWith } from './exit-with.mjs'
import { ROOT, runWeft } from './run-weft.mjs'
import { readToolchain } from './toolchain-file.mjs'

const EXIT_MESH_NOT_UP = 3
/** pnpm's own record of a finished installation. */
const INSTALLED = join(ROOT, 'node_modules', '.modules.yaml')

await exitWith(async () => {
  const args = process.argv.slice(2)
  if (args[0] === 'up') return runWeft(await ensureToolchain({ workspace: ROOT }), args)
  const toolchain = readToolchain(cacheFolder())
  if (toolchain && existsSync(INSTALLED)) return runWeft(toolchain, args)
  console.error('weft: the toolchain is not installed yet: run npm start')
  return EXIT_MESH_NOT_UP
})
