import { readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import ignore, { type Ignore } from 'ignore'

/** The .gitignore files that apply in one folder, outermost first. */
export interface GitignoreRules {
  /** The rules within `folder`: these rules and those of its own .gitignore. */
  enter(folder: string): Promise<GitignoreRules>
  ignores(path: string, isFolder: boolean): boolean
}

type Layer = { folder: string; matcher: Ignore }

const gitignoreBytesMax = 1_048_576

/** The rules that apply to `folder` from outside: the .gitignore files of its parents, up to the root of its git repository. */
export async function gitignoreRulesAbove(folder: string): Promise<GitignoreRules> {
  const parents = await parentsInRepository(folder)
  const layers = await Promise.all(parents.map(readLayer))
  return rulesOf(layers.flat())
}

function rulesOf(layers: Layer[]): GitignoreRules {
  return {
    enter: async (folder) => rulesOf([...layers, ...(await readLayer(folder))]),
    ignores: (path, isFolder) => {
      // As in git, the innermost file with a rule for a path decides.
      for (const { folder, matcher } of layers.toReversed()) {
        const { ignored, unignored } = matcher.test(pathWithin(folder, path, isFolder))
        if (ignored || unignored) return ignored
      }
      return false
    },
  }
}

async function readLayer(folder: string): Promise<Layer[]> {
  const path = join(folder, '.gitignore')
  try {
    if ((await stat(path)).size > gitignoreBytesMax) return []
    const matcher = ignore({ ignorecase: false, allowRelativePaths: true }).add(await readFile(path, 'utf8'))
    return [{ folder, matcher }]
  } catch {
    return []
  }
}

async function parentsInRepository(folder: string): Promise<string[]> {
  const parents: string[] = []
  let current = folder
  while (!(await isRepositoryRoot(current))) {
    const parent = dirname(current)
    if (parent === current) return []
    parents.unshift(parent)
    current = parent
  }
  return parents
}

async function isRepositoryRoot(folder: string): Promise<boolean> {
  try {
    await stat(join(folder, '.git'))
    return true
  } catch {
    return false
  }
}

function pathWithin(folder: string, path: string, isFolder: boolean): string {
  const within = relative(folder, path).split(sep).join('/')
  return isFolder ? `${within}/` : within
}
