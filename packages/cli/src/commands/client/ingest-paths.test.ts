import { mkdir, mkdtemp, readFile, rename, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { type IngestionRequest, ingestPaths } from './ingest-paths.ts'
import { describeIngestion } from './ingestion-report.ts'
import type { KnowledgeApi } from './knowledge-api.ts'
import type { ManifestEntry } from './plan-ingestion.ts'
import { createTerminal } from './terminal.ts'

let folder: string
let knowledge: MemoryKnowledge

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-ingest-'))
  knowledge = createMemoryKnowledge()
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('ingesting a folder', () => {
  it('uploads everything the first time, under names relative to the folder', async () => {
    await write({ 'a.md': 'alpha', 'sub/b.md': 'beta' })
    const report = await ingest()
    expect(report).toMatchObject({ added: ['a.md', 'sub/b.md'], unchanged: 0, bytesUploaded: 9, failed: [] })
    expect(knowledge.contents()).toEqual({ 'a.md': 'alpha', 'sub/b.md': 'beta' })
  })

  it('touches nothing the second time', async () => {
    await write({ 'a.md': 'alpha', 'b.md': 'beta' })
    await ingest()
    knowledge.calls.length = 0
    expect(await ingest()).toMatchObject({ added: [], changed: [], removed: [], unchanged: 2, bytesUploaded: 0 })
    expect(knowledge.calls).toEqual([])
  })

  it('replaces what changed and removes what is gone, and nothing else', async () => {
    await write({ 'same.md': 'same', 'edited.md': 'one', 'gone.md': 'gone' })
    await ingest()
    knowledge.calls.length = 0
    await write({ 'edited.md': 'two' })
    await touch('edited.md')
    await unlink(join(folder, 'gone.md'))
    expect(await ingest()).toMatchObject({ added: [], changed: ['edited.md'], removed: ['gone.md'], unchanged: 1 })
    expect(knowledge.contents()).toEqual({ 'same.md': 'same', 'edited.md': 'two' })
    expect(knowledge.calls.filter((call) => call.startsWith('upload'))).toEqual(['upload edited.md'])
  })

  it('removes the old version only after the new one is indexed', async () => {
    await write({ 'a.md': 'one' })
    await ingest()
    await write({ 'a.md': 'three' })
    knowledge.calls.length = 0
    await ingest()
    expect(knowledge.calls).toEqual(['upload a.md', 'attach a.md', 'indexed a.md', 'remove a.md'])
  })

  it('renames in place, without sending the bytes again', async () => {
    await write({ 'old.md': 'the same words' })
    await ingest()
    knowledge.calls.length = 0
    await rename(join(folder, 'old.md'), join(folder, 'new.md'))
    expect(await ingest()).toMatchObject({
      added: [],
      removed: [],
      renamed: [{ from: 'old.md', to: 'new.md' }],
      bytesUploaded: 0,
    })
    expect(knowledge.calls).toEqual(['rename old.md → new.md'])
    expect(await ingest()).toMatchObject({ unchanged: 1, renamed: [] })
  })

  it('counts a file with a new time and the same bytes as unchanged, and reads it only once', async () => {
    await write({ 'a.md': 'alpha' })
    await ingest()
    await touch('a.md')
    expect(await ingest()).toMatchObject({ unchanged: 1, changed: [] })
    knowledge.calls.length = 0
    await ingest()
    expect(knowledge.calls).toEqual([])
  })

  it('says what it would do and does nothing in a dry run', async () => {
    await write({ 'a.md': 'alpha' })
    const report = await ingest({ isDryRun: true })
    expect(report).toMatchObject({ store: { id: null, name: 'default' }, added: ['a.md'], bytesUploaded: 5 })
    expect(describeIngestion(report).join('\n')).toMatch(/add {6}a\.md\nDry run for "default": 1 would be added/)
    expect(knowledge.calls).toEqual([])
  })

  it('adds documents, zero bytes or not: the server says what is wrong with one', async () => {
    await write({ 'a.docx': 'PK\u0003\u0004\0', 'b.epub': 'x\0' })
    expect((await ingest()).added).toEqual(['a.docx', 'b.epub'])
  })

  it('skips binary files, also one that became binary', async () => {
    await write({ 'a.md': 'alpha', 'b.bin': 'x\0y' })
    expect((await ingest()).skipped).toEqual([{ path: join(folder, 'b.bin'), reason: 'binary' }])
    await write({ 'a.md': 'al\0pha' })
    expect(await ingest()).toMatchObject({ removed: ['a.md'] })
    expect(knowledge.contents()).toEqual({})
  })

  it('lists the files the server could not index, and tries them again the next time', async () => {
    await write({ 'bad.md': 'bad', 'good.md': 'good' })
    knowledge.failing.set('bad.md', 'not UTF-8')
    expect((await ingest()).failed).toEqual([{ path: 'bad.md', reason: 'not UTF-8' }])
    knowledge.failing.clear()
    knowledge.calls.length = 0
    expect(await ingest()).toMatchObject({ changed: [], retried: ['bad.md'], unchanged: 1, failed: [], bytesUploaded: 0 })
    expect(knowledge.calls).toEqual(['attach bad.md', 'indexed bad.md'])
  })

  it('goes on past a file the server refuses', async () => {
    await write({ 'a.md': 'alpha', 'b.md': 'beta' })
    knowledge.refuseUpload = { path: 'a.md', error: new OpenAI.APIError(413, { message: 'too large' }, undefined, new Headers()) }
    expect(await ingest()).toMatchObject({ added: ['b.md'], failed: [{ path: 'a.md', reason: 'too large' }] })
  })

  it('stops when the server is gone', async () => {
    await write({ 'a.md': 'alpha' })
    knowledge.refuseUpload = { path: 'a.md', error: new OpenAI.APIConnectionError({ message: 'refused' }) }
    await expect(ingest()).rejects.toThrow('refused')
  })

  it('leaves no file behind that could not be attached', async () => {
    await write({ 'a.md': 'alpha' })
    knowledge.refuseAttach = new OpenAI.APIError(409, { message: 'full' }, undefined, new Headers())
    expect(await ingest()).toMatchObject({ added: [], failed: [{ path: 'a.md', reason: 'full' }] })
    expect(knowledge.calls).toEqual(['upload a.md', 'remove a.md'])
  })

  it('finishes what a stopped run left half done', async () => {
    await write({ 'a.md': 'one' })
    await ingest()
    await write({ 'a.md': 'three' })
    knowledge.refuseRemove = new OpenAI.APIConnectionError({ message: 'killed' })
    await expect(ingest()).rejects.toThrow('killed')
    knowledge.refuseRemove = undefined
    expect(await ingest()).toMatchObject({ unchanged: 1, removed: ['a.md'] })
    expect(knowledge.contents()).toEqual({ 'a.md': 'three' })
  })
})

async function ingest(more: Partial<IngestionRequest> = {}) {
  const request = {
    paths: [folder],
    storeName: 'default',
    isDryRun: false,
    fileBytesMax: 1_000_000,
    excludedFolders: [],
    ...more,
  }
  return ingestPaths(request, { knowledge, terminal: createTerminal(), now: Date.now, sleep: async () => undefined })
}

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

async function touch(path: string): Promise<void> {
  const later = new Date(Date.now() + 5_000)
  await utimes(join(folder, path), later, later)
}

type Kept = ManifestEntry & { filename: string; text: string }
type MemoryKnowledge = KnowledgeApi & {
  calls: string[]
  failing: Map<string, string>
  refuseUpload: { path: string; error: Error } | undefined
  refuseAttach: Error | undefined
  refuseRemove: Error | undefined
  contents(): Record<string, string>
}

/** The server's side of the manifest in memory: what is attached is indexed at the first look. */
function createMemoryKnowledge(): MemoryKnowledge {
  const uploads = new Map<string, { filename: string; text: string }>()
  const kept: Kept[] = []
  let hasStore = false
  let nextId = 1
  const nameOf = (fileId: string) => uploads.get(fileId)?.filename ?? fileId
  const knowledge: MemoryKnowledge = {
    calls: [],
    failing: new Map(),
    refuseUpload: undefined,
    refuseAttach: undefined,
    refuseRemove: undefined,
    contents: () => Object.fromEntries(kept.map(({ filename, text }) => [filename, text])),
    findStore: async (name) => (hasStore ? { id: 'vs_1', name } : undefined),
    createStore: async (name) => {
      hasStore = true
      return { id: 'vs_1', name }
    },
    readManifest: async () => kept.toReversed(),
    upload: async (file) => {
      if (knowledge.refuseUpload?.path === file.path) throw knowledge.refuseUpload.error
      const fileId = `file_${nextId++}`
      uploads.set(fileId, { filename: file.path, text: await readFile(file.absolutePath, 'utf8') })
      knowledge.calls.push(`upload ${file.path}`)
      return fileId
    },
    attach: async (_, fileId, file) => {
      if (knowledge.refuseAttach !== undefined) throw knowledge.refuseAttach
      const upload = uploads.get(fileId)
      if (upload === undefined) throw new Error(`no upload ${fileId}`)
      const known = kept.findIndex((entry) => entry.fileId === fileId)
      if (known !== -1) kept.splice(known, 1)
      kept.push({ ...file, ...upload, fileId, status: 'in_progress', lastError: undefined })
      knowledge.calls.push(`attach ${file.path}`)
    },
    renameEntry: async (_, fileId, file) => {
      const entry = kept.find((candidate) => candidate.fileId === fileId)
      if (entry === undefined) throw new Error(`no entry ${fileId}`)
      knowledge.calls.push(`rename ${entry.path} → ${file.path}`)
      Object.assign(entry, { path: file.path, filename: file.path, mtimeMs: file.mtimeMs })
    },
    removeFile: async (fileId) => {
      if (knowledge.refuseRemove !== undefined) throw knowledge.refuseRemove
      knowledge.calls.push(`remove ${nameOf(fileId)}`)
      const index = kept.findIndex((entry) => entry.fileId === fileId)
      if (index !== -1) kept.splice(index, 1)
    },
    countFiles: async () => {
      for (const entry of kept) {
        if (entry.status !== 'in_progress') continue
        entry.status = knowledge.failing.has(entry.path) ? 'failed' : 'completed'
        knowledge.calls.push(`indexed ${entry.path}`)
      }
      const failed = kept.filter(({ status }) => status === 'failed').length
      return { inProgress: 0, completed: kept.length - failed, failed, total: kept.length }
    },
    listInProgress: async () => [],
    listFailures: async () =>
      kept.flatMap(({ fileId, path, status }) =>
        status === 'failed' ? [{ fileId, message: knowledge.failing.get(path) ?? '' }] : [],
      ),
  }
  return knowledge
}
