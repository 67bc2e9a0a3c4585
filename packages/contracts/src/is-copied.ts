import { statSync } from 'node:fs'

/**
 * Whether `file`, which notes the path it was written as, is a copy of the file at that path, as in a backup: what it says of running processes then holds
 * for the other folder. It is no copy if the other file is gone, as when its folder was moved, or if one is a link to the other.
 */
export function isCopied(file: string, writtenAs: string | undefined): boolean {
  if (writtenAs === undefined || writtenAs === file) return false
  const [here, there] = [file, writtenAs].map((path) => statSync(path, { throwIfNoEntry: false }))
  return here !== undefined && there !== undefined && (here.ino !== there.ino || here.dev !== there.dev)
}
