import { mkdir, mkdtemp, rename, rm, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { ingestPaths } from './ingest-paths.ts'
import { describeIngestion } from './ingestion-report.ts'
import type { IngestionRequest } from './ingestion-tools.ts'
import { createTerminal } from './terminal.ts'
import { createMemoryKnowledge, type MemoryKnowledge } from './testing/memory-knowledge.ts'
import { FileChangedError } from './upload-file.ts'
import { openUploadJournal } from './upload-journal.ts'

let folder: string
let knowledge: MemoryKnowledge
let journalFile: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-ingest-'))
  knowledge = createMemoryKnowledge()
  journalFile = `${folder}.uploads`
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(journalFile, { force: true })
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
    expect(await ingest()).toMatchObject({ unchanged: 1, removed: [] })
    expect(knowledge.texts()).toEqual(['a.md: three'])
  })
})

describe('what may go wrong meanwhile', () => {
  it('keeps the old version findable when the new one cannot be indexed, until one can', async () => {
    await write({ 'a.md': 'good' })
    await ingest()
    await write({ 'a.md': 'damaged' })
    knowledge.failing.set('a.md', 'cannot be read')
    expect((await ingest()).failed).toEqual([{ path: 'a.md', reason: 'cannot be read' }])
    expect(knowledge.texts()).toEqual(['a.md: damaged', 'a.md: good'])
    knowledge.failing.clear()
    await write({ 'a.md': 'mended' })
    expect(await ingest()).toMatchObject({ failed: [], changed: ['a.md'] })
    expect(knowledge.texts()).toEqual(['a.md: mended'])
  })

  it('never misses a change made right after the file was read, with its size and time kept', async () => {
    await write({ 'a.md': 'one' })
    const time = new Date()
    await utimes(join(folder, 'a.md'), time, time)
    await ingest()
    await write({ 'a.md': 'two' })
    await utimes(join(folder, 'a.md'), time, time)
    expect(await ingest()).toMatchObject({ changed: ['a.md'] })
    expect(knowledge.texts()).toEqual(['a.md: two'])
  })

  it('reads a file again that changed while it was sent, and names one that never keeps still', async () => {
    await write({ 'a.md': 'first', 'b.md': 'beta' })
    const upload = knowledge.upload
    let changes = 1
    knowledge.upload = async (storeId, file) => {
      if (file.path !== 'a.md' || changes-- <= 0) return upload(storeId, file)
      await write({ 'a.md': `again ${changes}` })
      throw new FileChangedError(file.path, 'changed')
    }
    expect(await ingest()).toMatchObject({ added: ['a.md', 'b.md'], failed: [] })
    expect(knowledge.texts()).toEqual(['a.md: again 0', 'b.md: beta'])
    changes = 100
    await write({ 'a.md': 'and again' })
    expect(await ingest()).toMatchObject({
      changed: [],
      failed: [{ path: 'a.md', reason: 'changed while it was sent, again and again' }],
    })
    expect(knowledge.texts()).toEqual(['a.md: again 0', 'b.md: beta'])
  })

  it('removes what a killed run sent and never attached', async () => {
    await write({ 'a.md': 'alpha' })
    await ingest()
    await writeFile(journalFile, 'file_1\nfile_lost\n')
    knowledge.calls.length = 0
    expect(await ingest()).toMatchObject({ unchanged: 1 })
    expect(knowledge.calls).toEqual(['remove file_lost'])
    knowledge.calls.length = 0
    await ingest()
    expect(knowledge.calls).toEqual([])
  })
})

describe('files that are gone', () => {
  it('stay when they are most of what there was, until that is confirmed', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `${index}.md`)
    await write(Object.fromEntries(names.map((name) => [name, `text of ${name}`])))
    await ingest()
    for (const name of names) await unlink(join(folder, name))
    await write({ 'new.md': 'new' })
    const careful = await ingest()
    expect(careful).toMatchObject({ added: ['new.md'], removed: [], isRemovalWithheld: true })
    expect(careful.kept).toHaveLength(12)
    expect(describeIngestion(careful).join('\n')).toMatch(/12 files are gone.*--yes/)
    expect(await ingest({ removals: 'none' })).toMatchObject({ removed: [], isRemovalWithheld: false })
    expect(knowledge.texts()).toHaveLength(13)
    expect((await ingest({ removals: 'confirmed' })).removed).toHaveLength(12)
    expect(knowledge.texts()).toEqual(['new.md: new'])
  })

  it('are none of those that other clients put into the store', async () => {
    await write({ 'a.md': 'alpha' })
    await ingest()
    await unlink(join(folder, 'a.md'))
    knowledge.calls.length = 0
    await ingest()
    expect(knowledge.calls).toEqual(['remove a.md'])
  })
})

it('tells which files hold the same', async () => {
  await write({ 'a.md': 'same', 'b/c.md': 'same', 'd.md': 'other' })
  await ingest()
  const report = await ingest()
  expect(report.duplicates).toEqual([['a.md', 'b/c.md']])
  expect(describeIngestion(report).join('\n')).toMatch(/a\.md = b\/c\.md/)
})

it('says how many tokens a dry run would embed, and counts no file twice', async () => {
  await write({ 'a.md': 'word '.repeat(400) })
  expect(await ingest({ isDryRun: true, embedderUsd: 0.02 })).toMatchObject({
    tokens: 500,
    bytesUploaded: 2_000,
    estimate: { costUsd: 0.000_01 },
  })
  expect(await ingest({ isDryRun: true })).toMatchObject({ estimate: expect.not.objectContaining({ costUsd: 0 }) })
})

it('says in a dry run what headers by a model would cost, where its price is known', async () => {
  await write({ 'a.md': 'word '.repeat(4_400) })
  const price = { input: 1, cachedInput: 0.1, output: 5 }
  const report = await ingest({ isDryRun: true, contextModel: { model: 'openai/m', price } })
  // 20 passages of 5,500 tokens: the document once anew and 19 times kept, 475 tokens around each, 75 written.
  expect(report.headers).toEqual({ read: 5_500 + 20 * 475, reread: 19 * 5_500, written: 20 * 75 })
  expect(report.estimate?.headers?.costUsd).toBeCloseTo(0.032_95)
  expect(describeIngestion(report).join('\n')).toMatch(/headers by openai\/m for about 0\.03 USD/)
  const unpriced = await ingest({ isDryRun: true, contextModel: { model: 'own/m' } })
  expect(describeIngestion(unpriced).join('\n')).toMatch(/headers by own\/m at a price that is not known/)
  expect((await ingest({ isDryRun: true })).estimate?.headers).toBeUndefined()
})

async function ingest(more: Partial<IngestionRequest> = {}) {
  const request = {
    paths: [folder],
    storeName: 'default',
    isDryRun: false,
    fileBytesMax: 1_000_000,
    excludedFolders: [],
    removals: 'careful' as const,
    ...more,
  }
  const journal = openUploadJournal(journalFile)
  const tools = { knowledge, terminal: createTerminal(), journal, now: Date.now, sleep: async () => undefined }
  return ingestPaths(request, tools).finally(journal.close)
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
