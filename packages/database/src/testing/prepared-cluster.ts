import { createHash, randomUUID } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const sources = join(import.meta.dirname, '..')
const root = join(sources, '../../..')
const folder = join(root, 'node_modules/.cache/weft/clusters')

/**
 * A cluster as PGlite dumps it, to be loaded by as many as want one like it: making it takes seconds of processor time, loading it less than one.
 * Whoever asks first has it made and leaves it in the cache of this checkout for all other test files, under a name that stands for
 * everything it is made by: the sources of this package and the versions of what they use.
 */
export async function preparedCluster(name: string, make: () => Promise<Blob>): Promise<Blob> {
  const path = join(folder, `${name}-${fingerprint()}.tar`)
  if (existsSync(path)) return new Blob([readFileSync(path)])
  const made = await make()
  mkdirSync(folder, { recursive: true })
  for (const other of readdirSync(folder)) if (other.startsWith(`${name}-`)) rmSync(join(folder, other), { force: true })
  // Several test files may make it at once: each reads a whole one.
  const unfinished = join(folder, `unfinished-${randomUUID()}`)
  writeFileSync(unfinished, Buffer.from(await made.arrayBuffer()))
  renameSync(unfinished, path)
  return made
}

function fingerprint(): string {
  const hash = createHash('sha256')
  const files = globSync('**/*.ts', { cwd: sources }).filter((file) => !file.endsWith('.test.ts'))
  for (const file of files.toSorted()) hash.update(`${file}\0`).update(readFileSync(join(sources, file)))
  return hash
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex')
    .slice(0, 16)
}
