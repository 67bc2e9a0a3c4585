import { describe, expect, it } from '@jest/globals'
import { type FingerprintedFile, unsettledMtimeMs } from './fingerprint-file.ts'
import { createGoneEntries } from './gone-entries.ts'
import type { ManifestEntry } from './manifest-entry.ts'
import { decideFile, planIngestion } from './plan-ingestion.ts'
import { type FoundFile, skipped, type WalkRoot } from './walk-paths.ts'

const notes: WalkRoot = { absolutePath: '/home/u/notes', root: '/home/u/notes', isFolder: true }

describe('comparing a folder with the manifest', () => {
  it('takes a file of the same size and time as unchanged without reading it', () => {
    const plan = planIngestion({ found: [found('a.md')], skipped: [], manifest: [entry('a.md')], roots: [notes] })
    expect(plan).toMatchObject({ unchanged: [{ path: 'a.md' }], toRead: [] })
    expect(plan.gone.list()).toEqual([])
  })

  it.each([
    ['another size', { sizeBytes: 11 }],
    ['another time', { mtimeMs: 2 }],
    ['another time of change, its own set back', { ctimeMs: 2 }],
  ])('reads a file of %s', (_, difference) => {
    const plan = planIngestion({
      found: [{ ...found('a.md'), ...difference }],
      skipped: [],
      manifest: [entry('a.md')],
      roots: [notes],
    })
    expect(plan).toMatchObject({ unchanged: [], toRead: [{ file: { path: 'a.md' }, entry: { fileId: 'file_a.md' } }] })
    expect(plan.gone.list()).toEqual([])
  })

  it.each(['failed', 'cancelled'] as const)('tries a file again whose indexing %s', (status) => {
    const plan = planIngestion({ found: [found('a.md')], skipped: [], manifest: [{ ...entry('a.md'), status }], roots: [notes] })
    expect(plan.unchanged).toEqual([])
    expect(plan.toRead).toHaveLength(1)
  })

  it('finds files that are gone', () => {
    const plan = planIngestion({ found: [], skipped: [], manifest: [entry('a.md')], roots: [notes] })
    expect(plan.gone.list().map(({ path }) => path)).toEqual(['a.md'])
  })

  it('leaves other folders of the same store alone', () => {
    const other = { ...entry('a.md'), root: '/home/u/notes-2' }
    const plan = planIngestion({ found: [], skipped: [], manifest: [other], roots: [notes] })
    expect(plan.gone.list()).toEqual([])
  })

  it('knows a file again when the folder above it is ingested', () => {
    const above: WalkRoot = { absolutePath: '/home/u', root: '/home/u', isFolder: true }
    const sameFile = { ...found('a.md'), root: '/home/u', path: 'notes/a.md' }
    const plan = planIngestion({ found: [sameFile], skipped: [], manifest: [entry('a.md'), entry('b.md')], roots: [above] })
    expect(plan.unchanged.map(({ path }) => path)).toEqual(['a.md'])
    expect(plan.gone.list().map(({ path }) => path)).toEqual(['b.md'])
  })

  it('removes nothing else when a single file is ingested', () => {
    const onlyA: WalkRoot = { absolutePath: '/home/u/notes/a.md', root: '/home/u/notes', isFolder: false }
    const plan = planIngestion({ found: [found('a.md')], skipped: [], manifest: [entry('a.md'), entry('b.md')], roots: [onlyA] })
    expect(plan.gone.list()).toEqual([])
  })

  it('keeps what stands under a folder that could not be read', () => {
    const locked = skipped('/home/u/notes/locked', 'unreadable folder: permission denied', { isKept: true })
    const plan = planIngestion({
      found: [],
      skipped: [locked],
      manifest: [entry('locked/a.md'), entry('locked2.md')],
      roots: [notes],
    })
    expect(plan.gone.list().map(({ path }) => path)).toEqual(['locked2.md'])
  })

  it('removes a file that is ignored, empty or too large now', () => {
    const ignored = skipped('/home/u/notes/a.md', 'ignored by .gitignore')
    const plan = planIngestion({ found: [], skipped: [ignored], manifest: [entry('a.md')], roots: [notes] })
    expect(plan.gone.list()).toHaveLength(1)
  })

  it.each([
    ['too young to be settled', { mtimeMs: unsettledMtimeMs }],
    ['by a version that noted less', { ctimeMs: undefined }],
  ])('reads a file again that was noted %s', (_, noted) => {
    const young = { ...entry('a.md'), ...noted }
    const plan = planIngestion({ found: [{ ...found('a.md') }], skipped: [], manifest: [young], roots: [notes] })
    expect(plan).toMatchObject({ unchanged: [], toRead: [{ file: { path: 'a.md' } }] })
  })

  it('knows of two entries of a path, which an interrupted run left, the newest as current and the other as outdated', () => {
    const newest = { ...entry('a.md'), fileId: 'file_new' }
    const plan = planIngestion({ found: [found('a.md')], skipped: [], manifest: [newest, entry('a.md')], roots: [notes] })
    expect(plan.unchanged.map(({ fileId }) => fileId)).toEqual(['file_new'])
    expect(plan.outdated).toEqual([{ newest, entry: entry('a.md') }])
    expect(plan.gone.list()).toEqual([])
  })
})

describe('deciding over a file that was read', () => {
  it('replaces changed bytes', () => {
    expect(decideFile(read('a.md', 'other'), entry('a.md'), createGoneEntries()).kind).toBe('change')
  })

  it('only notes the new time of unchanged bytes', () => {
    const file = { ...read('a.md', 'hash of a.md'), mtimeMs: 2 }
    expect(decideFile(file, entry('a.md'), createGoneEntries()).kind).toBe('touch')
    expect(decideFile(file, { ...entry('a.md'), mtimeMs: 2 }, createGoneEntries()).kind).toBe('none')
  })

  it('begins the indexing of unchanged bytes again when it failed', () => {
    expect(decideFile(read('a.md', 'hash of a.md'), { ...entry('a.md'), status: 'failed' }, createGoneEntries()).kind).toBe(
      'retry',
    )
  })

  it('recognises gone bytes under a new name, once', () => {
    const gone = createGoneEntries([entry('old.md')])
    expect(decideFile(read('new.md', 'hash of old.md'), undefined, gone)).toMatchObject({
      kind: 'rename',
      entry: { path: 'old.md' },
    })
    expect(gone.list()).toEqual([])
    expect(decideFile(read('copy.md', 'hash of old.md'), undefined, gone).kind).toBe('add')
  })
})

function found(path: string): FoundFile {
  return {
    kind: 'file',
    absolutePath: `/home/u/notes/${path}`,
    root: '/home/u/notes',
    path,
    sizeBytes: 10,
    mtimeMs: 1,
    ctimeMs: 1,
  }
}

function read(path: string, sha256: string): FingerprintedFile {
  return { ...found(path), sha256, tokens: 2 }
}

function entry(path: string): ManifestEntry {
  const { root, sizeBytes, mtimeMs, ctimeMs } = found(path)
  return {
    fileId: `file_${path}`,
    root,
    path,
    sha256: `hash of ${path}`,
    sizeBytes,
    mtimeMs,
    ctimeMs,
    status: 'completed',
    lastError: undefined,
  }
}
