import { statSync } from 'node:fs'

/**
 * Whether a file that says where it was written is a copy of that one, as in a backup: what it tells of running processes is true of the other
 * folder. Where the other is gone, as when its folder was moved, it is taken for the file itself; a link to it is no copy.
 */
export function isCopied(file: string, writtenAs: string | undefined): boolean {
  if (writtenAs === undefined || writtenAs === file) return false
  const [here, there] = [file, writtenAs].map((path) => statSync(path, { throwIfNoEntry: false }))
  return here !== undefined && there !== undefined && (here.ino !== there.ino || here.dev !== there.dev)
}
