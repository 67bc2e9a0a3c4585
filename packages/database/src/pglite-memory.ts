import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const mebibyte = 1_048_576
/** The size of a database in which nothing is stored: PostgreSQL's own catalogue. */
const emptyMb = 24
const leastMb = 32
const mostMb = 256

/**
 * The shared buffers with which a data folder is opened: as much as it holds, within bounds. A page that is not in them is read through PGlite's own file
 * system: a search of 20,000 chunks (108 MB) took 18 ms of processor time with 32 MB of buffers, and 10 ms with room for all. The buffers are resident whether
 * used or not, so a mesh that holds little gets the least.
 */
export function sharedBuffersMb(dataFolder: string | undefined): number {
  const folder = dataFolder === undefined ? undefined : join(dataFolder, 'base')
  if (folder === undefined || !existsSync(folder)) return leastMb
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
  return Math.min(mostMb, Math.max(leastMb, Math.ceil(bytes / mebibyte) - emptyMb))
}
