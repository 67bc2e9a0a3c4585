import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** Unpacks a cluster as PGlite dumps it into a folder, closed to other users as the embedded database makes it. Throws what `tar` says. */
export async function layCluster(dump: Blob, dataFolder: string): Promise<void> {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  // The names in the dump begin with a slash, which tar leaves out.
  const tar = spawnSync('tar', ['-x', '-C', dataFolder], { input: Buffer.from(await dump.arrayBuffer()), encoding: 'utf8' })
  if (tar.status !== 0) throw new Error(`a prepared cluster was not unpacked: ${tar.error?.message ?? tar.stderr}`)
}
