import { createHash, randomUUID } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const sources = join(import.meta.dirname, '..')
const root = join(sources, '../../..')
const folder = join(root, 'node_modules/.cache/weft/clusters')

/**
 * A cluster as PGlite dumps it, for tests to load: making one takes seconds of processor time, loading it less than one. The first test file that asks has it
 * made, and leaves it in the cache of this checkout for all others, under a name with a hash of everything that it is made by: the sources of this package and
 * the versions of what they use.
 */
export async function preparedCluster(name: string, make: () => Promise<Blob>): Promise<Blob> {
  const file = `${name}-${fingerprint()}.tar`
  const known = readKnown(join(folder, file))
  if (known !== undefined) return known
  const made = await make()
  const bytes = Buffer.from(await made.arrayBuffer())
  mkdirSync(folder, { recursive: true })
  for (const other of readdirSync(folder)) if (other !== file && isLeft(other, name)) rmSync(join(folder, other), { force: true })
  // Several test files may make it at once: each reads a whole one.
  const unfinished = join(folder, `${unfinishedStart}${randomUUID()}`)
  writeFileSync(unfinished, bytes)
  renameSync(unfinished, join(folder, file))
  return made
}

/** The file may vanish while it is read: a test run with other sources removes it. */
function readKnown(path: string): Blob | undefined {
  try {
    return new Blob([readFileSync(path)])
  } catch (cause) {
    if (existsSync(path)) throw cause
    return undefined
  }
}

const unfinishedStart = 'unfinished-'
/** Writing one takes less than a second: what is older was left by a process that was killed. */
const unfinishedMaxMs = 600_000

function isLeft(file: string, name: string): boolean {
  if (!file.startsWith(unfinishedStart)) return file.startsWith(`${name}-`)
  const { mtimeMs = Number.POSITIVE_INFINITY } = statSync(join(folder, file), { throwIfNoEntry: false }) ?? {}
  return mtimeMs < Date.now() - unfinishedMaxMs
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
