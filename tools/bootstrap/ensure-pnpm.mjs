import { join } from 'node:path'
import { explainFailure } from './bootstrap-error.mjs'
import { fetchNpmPackage } from './npm-package.mjs'
import { PNPM_VERSION } from './pins.mjs'

/** The path of pnpm's JavaScript entry, to be run by the mesh's Node. */
export async function ensurePnpm({ cache, env, signal, note }) {
  note(PNPM_VERSION)
  try {
    const modules = await fetchNpmPackage(`pnpm@${PNPM_VERSION}`, `pnpm-${PNPM_VERSION}`, { cache, env, signal })
    return join(modules, 'pnpm', 'bin', 'pnpm.mjs')
  } catch (error) {
    throw explainFailure(`fetch pnpm ${PNPM_VERSION} from npm`, error, { cache })
  }
}
