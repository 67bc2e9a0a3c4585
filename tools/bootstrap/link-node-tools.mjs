import { createHash } from 'node:crypto'
import { chmod, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { completeFolder } from './cache-folder.mjs'

/** A folder for PATH with `node` and `pnpm` in it, so that tools which start either by name get the mesh's own. */
export function linkNodeTools(cache, { nodeBin, pnpmCli }) {
  const key = createHash('sha256').update(`${nodeBin}\n${pnpmCli}`).digest('hex').slice(0, 12)
  return completeFolder(cache, `bin-${key}`, async (folder) => {
    await symlink(nodeBin, join(folder, 'node'))
    const pnpm = join(folder, 'pnpm')
    await writeFile(pnpm, `#!/bin/sh\nexec '${nodeBin}' '${pnpmCli}' "$@"\n`)
    await chmod(pnpm, 0o755)
  })
}
