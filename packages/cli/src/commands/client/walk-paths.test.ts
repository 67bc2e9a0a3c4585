import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, rmdir, stat, symlink, truncate, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { reasonUnread, resolveRoots, unreadable, vanished, type WalkLimits, walkPaths } from './walk-paths.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-walk-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('walking a folder', () => {
  it('finds every file with its path inside the folder, in a stable order', async () => {
    await write({ 'b.md': 'b', 'a/z.txt': 'z', 'a/deep/er/x.py': 'x' })
    const { files } = await walk([folder])
    expect(files).toEqual(['a/deep/er/x.py', 'a/z.txt', 'b.md'])
  })

  it('leaves out what .gitignore says, nested files and negations included', async () => {
    await write({
      '.gitignore': '*.log\n/build\n!keep.log\nsecret/\n',
      'a.log': 'x',
      'keep.log': 'x',
      'build/out.js': 'x',
      'src/build/kept.js': 'x',
      'src/.gitignore': '*.tmp\n!../a.log\n',
      'src/x.tmp': 'x',
      'src/x.TMP': 'x',
      'secret/key.txt': 'x',
    })
    const { files, skipped } = await walk([folder])
    expect(files).toEqual(['.gitignore', 'keep.log', 'src/.gitignore', 'src/build/kept.js', 'src/x.TMP'])
    expect(skipped).toEqual({
      'a.log': 'ignored by .gitignore',
      build: 'ignored by .gitignore',
      secret: 'ignored by .gitignore',
      'src/x.tmp': 'ignored by .gitignore',
    })
  })

  it('applies the .gitignore of the repository above the folder that was named', async () => {
    await write({ '.git/HEAD': 'ref', '.gitignore': 'docs/draft.md\n', 'docs/draft.md': 'x', 'docs/final.md': 'x' })
    const { files } = await walk([join(folder, 'docs')])
    expect(files).toEqual(['final.md'])
  })

  it('never enters .git and node_modules, nor a folder it was told to leave', async () => {
    await write({ '.git/config': 'x', 'node_modules/p/index.js': 'x', 'data/blob': 'x', 'a.md': 'x' })
    const { files, skipped } = await walk([folder], { excludedFolders: [join(folder, 'data')] })
    expect(files).toEqual(['a.md'])
    expect(skipped).toEqual({ '.git': 'never ingested', data: 'never ingested', node_modules: 'never ingested' })
  })

  it('ends on symbolic link loops and says what each link was', async () => {
    await write({ 'sub/a.md': 'a' })
    await symlink('..', join(folder, 'sub/up'))
    await symlink('self', join(folder, 'self'))
    await symlink('two', join(folder, 'one'))
    await symlink('one', join(folder, 'two'))
    await symlink('nowhere', join(folder, 'broken'))
    await symlink('sub/a.md', join(folder, 'alias.md'))
    await symlink('/usr', join(folder, 'usr'))
    const { files, skipped } = await walk([folder])
    expect(files).toEqual(['sub/a.md'])
    expect(skipped).toEqual({
      'sub/up': 'symbolic link loop',
      self: 'symbolic link loop',
      one: 'symbolic link loop',
      two: 'symbolic link loop',
      broken: 'broken symbolic link',
      'alias.md': 'symbolic link to something that is walked anyway',
      usr: 'symbolic link to a folder (name that folder to ingest it)',
    })
  })

  it('waits for no pipe and no socket, and names what it cannot name rightly', async () => {
    await write({ 'a.md': 'a' })
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const misnamedFile = Buffer.concat([Buffer.from(`${folder}/b`), Buffer.from([0xff])])
    const misnamedFolder = Buffer.concat([Buffer.from(`${folder}/c`), Buffer.from([0xff])])
    await writeFile(misnamedFile, 'b')
    await mkdir(misnamedFolder)
    const server = createServer().listen(join(folder, 'socket'))
    await once(server, 'listening')
    const { files, skipped } = await walk([folder])
    server.close()
    // Node removes no folder that holds such names.
    await unlink(misnamedFile)
    await rmdir(misnamedFolder)
    expect(files).toEqual(['a.md'])
    expect(skipped).toEqual({
      pipe: 'not a regular file',
      socket: 'not a regular file',
      'b\ufffd': 'file name is not valid UTF-8',
      'c\ufffd': 'folder name is not valid UTF-8',
    })
  })

  it('reads a file outside the folder through its link', async () => {
    await write({ 'inside/a.md': 'a', 'outside.md': 'b' })
    await symlink('../outside.md', join(folder, 'inside/b.md'))
    const { files } = await walk([join(folder, 'inside')])
    expect(files).toEqual(['a.md', 'b.md'])
  })

  it('skips empty and oversized files with the reason', async () => {
    await write({ 'empty.md': '', 'big.md': 'x' })
    await truncate(join(folder, 'big.md'), 2_097_153)
    const { skipped } = await walk([folder], { fileBytesMax: 2_097_152 })
    expect(skipped).toEqual({ 'empty.md': 'empty', 'big.md': 'larger than 2.0 MiB' })
  })

  it('goes on past a folder it may not read, and keeps what it knows of it', async () => {
    await write({ 'a.md': 'a', 'locked/b.md': 'b' })
    await chmod(folder, 0o755)
    await chmod(join(folder, 'locked'), 0o000)
    const { files, items } = await asUnprivileged(() => walk([folder]))
    expect(files).toEqual(['a.md'])
    expect(items.find((item) => item.kind === 'skipped')).toMatchObject({
      absolutePath: join(folder, 'locked'),
      reason: 'unreadable folder: permission denied',
      isKept: true,
    })
  })

  it('counts a file once when folders overlap', async () => {
    await write({ 'a/b/c.md': 'c' })
    const { items } = await walk([join(folder, 'a'), join(folder, 'a/b'), join(folder, 'a/b/c.md')])
    expect(items).toHaveLength(1)
  })

  it('takes a single file by itself, whatever .gitignore says', async () => {
    await write({ '.gitignore': '*.md', 'a.md': 'a' })
    const { files } = await walk([join(folder, 'a.md')])
    expect(files).toEqual(['a.md'])
  })
})

it('a file whose folder has become a file is gone, and no failure', async () => {
  await writeFile(join(folder, 'notes'), 'a folder before')
  const thrown: unknown = await stat(join(folder, 'notes', 'inner.md')).catch((error: unknown) => error)
  expect(unreadable('notes/inner.md', reasonUnread(thrown))).toMatchObject({ reason: vanished, isKept: false })
})

describe('paths of the command line', () => {
  it('refuses one that is not there as wrong usage', async () => {
    await expect(resolveRoots([join(folder, 'missing')])).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('no such file or folder'),
    })
  })
})

async function walk(paths: string[], limits: Partial<WalkLimits> = {}) {
  const items = []
  const roots = await resolveRoots(paths)
  for await (const item of walkPaths(roots, { fileBytesMax: 1_000_000, excludedFolders: [], ...limits })) items.push(item)
  const files = items.flatMap((item) => (item.kind === 'file' ? [item.path] : []))
  const skipped = Object.fromEntries(
    items.flatMap((item) => (item.kind === 'skipped' ? [[item.absolutePath.slice(folder.length + 1), item.reason]] : [])),
  )
  return { items, files, skipped }
}

/** Root may read everything, so the refusal is tested as another user. */
async function asUnprivileged<T>(run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run()
  process.seteuid?.(65_534)
  try {
    return await run()
  } finally {
    process.seteuid?.(0)
  }
}

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}
