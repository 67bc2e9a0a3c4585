import { accessSync, constants, readFileSync } from 'node:fs'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'
import { CliError, systemErrorCode } from '../cli-error.ts'

const Toolchain = z.object({
  nodeBin: z.string(),
  daprd: z.string(),
  placement: z.string(),
  scheduler: z.string(),
  redisServer: z.string(),
})
/** Absolute paths of the programs that the mesh runs on. */
export type Toolchain = z.infer<typeof Toolchain>

const remedy = 'run npm start, which finds or builds what is missing'

/** Reads which programs to run, and checks that each is there. Throws `program_missing`, naming the one that is not. */
export function readToolchain(toolchainFile: string): Toolchain {
  const toolchain = parseToolchain(toolchainFile)
  for (const [name, path] of Object.entries(toolchain)) {
    if (!isExecutable(path))
      throw new CliError('program_missing', `${name} is missing: ${path} is not an executable file; ${remedy}`)
  }
  return toolchain
}

function parseToolchain(toolchainFile: string): Toolchain {
  try {
    return parseJson(Toolchain, readFileSync(toolchainFile, 'utf8'), toolchainFile)
  } catch (cause) {
    const what = systemErrorCode(cause) === 'ENOENT' ? 'is not there' : 'does not name every program'
    throw new CliError('program_missing', `the toolchain is not complete: ${toolchainFile} ${what}; ${remedy}`, { cause })
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
