import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Every folder of PATH, absolute ones only: a relative one would mean another program in every folder. */
export function pathFolders(env) {
  return (env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
}

/** The first executable file called `name` in these folders, or undefined. */
export function findProgram(name, folders) {
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
