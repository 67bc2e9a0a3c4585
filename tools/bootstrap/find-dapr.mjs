import { homedir } from 'node:os'
import { join } from 'node:path'
import { findProgram, pathFolders } from './find-program.mjs'
import { isAtLeast } from './parse-version.mjs'
import { DAPR_MINIMUM } from './pins.mjs'
import { askCommand } from './run-command.mjs'

export const DAPR_PROGRAMS = ['daprd', 'placement', 'scheduler']

/**
 * A Dapr already on this machine: `{daprd, placement, scheduler, version}` or undefined. What was passed over, and why, goes
 * to `note`. Only daprd tells its version; the three are taken from one folder, where Dapr's installer puts them.
 */
export async function findDapr({ env, note }) {
  for (const folder of daprFolders(env)) {
    const programs = DAPR_PROGRAMS.map((name) => [name, findProgram(name, [folder])])
    if (programs.every(([, path]) => !path)) {
      if (folder.startsWith(`${env.DAPR_RUNTIME_PATH}/`)) note(`DAPR_RUNTIME_PATH has no Dapr in ${folder}`)
      continue
    }
    const found = Object.fromEntries(programs)
    const version = found.daprd && (await askCommand(found.daprd, ['--version']))
    const refusal = refuseDapr(found, version)
    if (!refusal) return { ...found, version }
    note(`passed over ${folder}: ${refusal}`)
  }
  return undefined
}

/** Where to look, in order: where DAPR_RUNTIME_PATH points, where `dapr init` installs, PATH. */
export function daprFolders(env) {
  const roots = [env.DAPR_RUNTIME_PATH, env.HOME || homedir()].filter(Boolean)
  return [...new Set([...roots.map((root) => join(root, '.dapr', 'bin')), ...pathFolders(env)])]
}

/** Why these programs cannot run the mesh, or undefined when they can. A build that names no version is of unknown age. */
export function refuseDapr(programs, version) {
  const missing = DAPR_PROGRAMS.filter((name) => !programs[name])
  if (missing.length > 0) return `${missing.join(' and ')} missing`
  if (!version) return 'daprd does not tell its version'
  if (!isAtLeast(version, DAPR_MINIMUM)) return `version ${version} is not ${DAPR_MINIMUM} or newer`
  return undefined
}
