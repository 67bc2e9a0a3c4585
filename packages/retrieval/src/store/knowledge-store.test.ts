import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { knowledgeLimits } from '@weft/contracts'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createKnowledgeStore } from './knowledge-store.ts'
import type { KnowledgeStore, StoredFile } from './knowledge-types.ts'
import { deleteAbandonedUploads } from './postgres-files.ts'

let test: TestDatabase
let store: KnowledgeStore
const tenant = 'acme'
const other = 'rival'

beforeAll(async () => {
  test = await startTestDatabase()
  store = createKnowledgeStore(test.database)
})
afterAll(() => test.stop())
beforeEach(async () => {
  await sql`truncate files, vector_stores cascade`.execute(test.database.db)
})

async function countRows(): Promise<unknown> {
  const { rows } = await sql`
    select (select count(*)::int from files) as files, (select count(*)::int from file_parts) as parts
  `.execute(test.database.db)
  return rows[0]
}

describe('files', () => {
  it('come back byte for byte, whatever their size', async () => {
    for (const size of [0, 1, 1_048_575, 1_048_576, 1_048_577, 3_500_000]) {
      const bytes = Buffer.alloc(size, 'abc\u0000ü')
      const file = await store.createFile({ tenant, filename: 'ü.bin', content: pieces(bytes, 70_001) })
      expect(file).toMatchObject({
        bytes: size,
        filename: 'ü.bin',
        purpose: 'assistants',
        contentHash: createHash('sha256').update(bytes).digest('hex'),
      })
      expect(await store.getFile({ tenant, fileId: file.id })).toEqual(file)
      expect(Buffer.compare(await readAll(file.id), bytes)).toBe(0)
    }
  })

  it.each([10, 100_000, 2_500_000])('of %i bytes are stored once, however often they are sent under one key', async (size) => {
    const bytes = Buffer.alloc(size, 'tide')
    const send = (content: Buffer, owner = tenant) =>
      store.createFile({ tenant: owner, filename: 'a.txt', content: pieces(content, 70_001), uploadKey: 'once' })
    const first = await send(bytes)
    expect(await send(bytes)).toEqual(first)
    expect((await Promise.all([send(bytes), send(bytes)])).map(({ id }) => id)).toEqual([first.id, first.id])
    await expect(send(Buffer.alloc(size, 'moon'))).rejects.toMatchObject({ code: 'conflict', param: 'Idempotency-Key' })
    expect((await send(bytes, other)).id).not.toBe(first.id)
    expect(await countRows()).toEqual({ files: 2, parts: 2 * Math.max(1, Math.ceil(size / 1_048_576)) })
    await store.deleteFile({ tenant, fileId: first.id })
    expect((await send(bytes)).id).not.toBe(first.id)
  })

  it('leave nothing behind when the upload breaks off, is cancelled or grows too large', async () => {
    async function* broken() {
      yield Buffer.alloc(2_500_000)
      throw new Error('the client went away')
    }
    await expect(store.createFile({ tenant, filename: 'a', content: broken() })).rejects.toThrow('the client went away')
    const signal = AbortSignal.abort()
    await expect(store.createFile({ tenant, filename: 'a', content: pieces(Buffer.alloc(10), 5), signal })).rejects.toThrow(
      'aborted',
    )
    async function* endless() {
      for (let sent = 0; sent <= knowledgeLimits.fileBytesMax + 2_097_152; sent += 1_048_576) yield Buffer.alloc(1_048_576)
    }
    await expect(store.createFile({ tenant, filename: 'a', content: endless() })).rejects.toMatchObject({
      code: 'payload_too_large',
      status: 413,
    })
    expect(await countRows()).toEqual({ files: 0, parts: 0 })
  })

  it('that were never finished are nobody’s, and are swept away', async () => {
    await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash, created_at) values ('file_x', '.uploading', 'a', 0, '', '', now() - interval '2 hours')`.execute(
      test.database.db,
    )
    expect((await store.listFiles({ tenant })).data).toEqual([])
    await deleteAbandonedUploads(test.database)
    expect((await sql`select 1 from files`.execute(test.database.db)).rows).toEqual([])
  })

  it('are listed page by page, both ways, each once', async () => {
    const ids: string[] = []
    for (let n = 0; n < 7; n++) {
      ids.unshift((await upload(`file ${n}`)).id)
      await sleep(2)
    }
    const pages: string[][] = []
    let after: string | undefined
    for (;;) {
      const page = await store.listFiles({ tenant, limit: 3, ...(after === undefined ? {} : { after }) })
      pages.push(page.data.map(({ id }) => id))
      if (!page.hasMore) break
      after = page.data.at(-1)?.id
    }
    expect(pages).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)])
    const before = await store.listFiles({ tenant, limit: 2, before: ids[4] ?? '' })
    expect([before.data.map(({ id }) => id), before.hasMore]).toEqual([ids.slice(2, 4), true])
    const ascending = await store.listFiles({ tenant, order: 'asc', limit: 2, after: ids[6] ?? '' })
    expect(ascending.data.map(({ id }) => id)).toEqual([ids[5], ids[4]])
    await expect(store.listFiles({ tenant, after: 'file_unknown' })).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'after',
    })
  })

  it('are listed on behind what was deleted meanwhile, in every list', async () => {
    const { id: vectorStoreId } = await store.createVectorStore({ tenant })
    const ids: string[] = []
    for (let n = 0; n < 6; n++) {
      const { id: fileId } = await upload(`file ${n}`)
      await store.addFile({ tenant, vectorStoreId, fileId })
      ids.unshift(fileId)
      await sleep(2)
    }
    const [newest = '', second = '', third = ''] = ids
    const behind = async (after: string) => (await store.listFiles({ tenant, after })).data.map(({ id }) => id)
    const behindInStore = async (after: string) =>
      (await store.listVectorStoreFiles({ tenant, vectorStoreId, after })).data.map(({ fileId }) => fileId)
    await store.deleteFile({ tenant, fileId: newest })
    await store.removeFile({ tenant, vectorStoreId, fileId: third })
    expect(await behind(newest)).toEqual(ids.slice(1))
    expect(await behindInStore(newest)).toEqual([second, ...ids.slice(3)])
    expect(await behindInStore(third)).toEqual(ids.slice(3))
    await store.addFile({ tenant, vectorStoreId, fileId: third })
    expect(await behindInStore(third)).toEqual([second, ...ids.slice(3)])
    const { id: younger } = await store.createVectorStore({ tenant })
    await store.deleteVectorStore({ tenant, vectorStoreId: younger })
    expect((await store.listVectorStores({ tenant, after: younger })).data.map(({ id }) => id)).toContain(vectorStoreId)
    await store.deleteVectorStore({ tenant, vectorStoreId })
    const { rows } = await sql`select id from deleted_places where list = ${vectorStoreId}`.execute(test.database.db)
    expect(rows.map((row) => Reflect.get(Object(row), 'id')).toSorted()).toEqual([newest, third].toSorted())
    await expect(store.listFiles({ tenant: 'rival', after: newest })).rejects.toMatchObject({ param: 'after' })
  })

  it('can be found by content, renamed, and filtered by purpose', async () => {
    const file = await upload('same')
    await store.createFile({ tenant, filename: 'b', purpose: () => 'user_data', content: pieces(Buffer.from('else'), 9) })
    expect((await store.findFilesByHash({ tenant, contentHashes: [file.contentHash, 'x'] })).map(({ id }) => id)).toEqual([
      file.id,
    ])
    expect(await store.renameFile({ tenant, fileId: file.id, filename: 'new\u0000.txt' })).toEqual({
      ...file,
      filename: 'new\ufffd.txt',
    })
    expect((await store.listFiles({ tenant, purpose: 'user_data' })).data.map(({ filename }) => filename)).toEqual(['b'])
  })
})

describe('vector stores', () => {
  it('count their files by status and follow their deletion', async () => {
    const files = [await upload('one'), await upload('two')]
    const made = await store.createVectorStore({
      tenant,
      name: 'Docs',
      metadata: { team: 'x' },
      fileIds: files.map(({ id }) => id),
    })
    expect(made).toMatchObject({
      name: 'Docs',
      metadata: { team: 'x' },
      status: 'in_progress',
      usageBytes: 0,
      fileCounts: { inProgress: 2, total: 2 },
    })
    await store.deleteFile({ tenant, fileId: files[0]?.id ?? '' })
    expect((await store.getVectorStore({ tenant, vectorStoreId: made.id })).fileCounts).toMatchObject({ inProgress: 1, total: 1 })
    expect(await store.updateVectorStore({ tenant, vectorStoreId: made.id, metadata: {} })).toMatchObject({
      name: 'Docs',
      metadata: {},
    })
    expect(await store.listVectorStoreIds({ tenant })).toEqual([made.id])
    expect(await store.deleteVectorStore({ tenant, vectorStoreId: made.id })).toBe(true)
    expect(await store.deleteVectorStore({ tenant, vectorStoreId: made.id })).toBe(false)
    expect((await store.listFiles({ tenant })).data).toHaveLength(1)
  })

  it('are not made with a file that is not there', async () => {
    const file = await upload('one')
    await expect(store.createVectorStore({ tenant, fileIds: [file.id, 'file_none'] })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('file_none'),
    })
    expect((await store.listVectorStores({ tenant })).data).toEqual([])
  })

  it('hold each file once, with its attributes, and start it anew when it is added again', async () => {
    const { id: fileId } = await upload('one')
    const { id: vectorStoreId } = await store.createVectorStore({ tenant })
    const added = await store.addFile({ tenant, vectorStoreId, fileId, attributes: { path: 'a', year: 2024, ok: true } })
    expect(added).toMatchObject({
      status: 'in_progress',
      attributes: { path: 'a', year: 2024, ok: true },
      chunkingStrategy: { type: 'auto' },
      lastError: null,
    })
    await sql`update vector_store_files set status = 'failed', last_error = '{"code":"server_error","message":"x"}'`.execute(
      test.database.db,
    )
    expect(await store.getVectorStoreFile({ tenant, vectorStoreId, fileId })).toMatchObject({
      status: 'failed',
      lastError: { code: 'server_error' },
    })
    const again = await store.addFile({ tenant, vectorStoreId, fileId })
    expect(again).toMatchObject({ status: 'in_progress', lastError: null, attributes: {} })
    expect((await store.listVectorStoreFiles({ tenant, vectorStoreId, filter: 'failed' })).data).toEqual([])
    expect(await store.updateAttributes({ tenant, vectorStoreId, fileId, attributes: { path: 'b' } })).toMatchObject({
      attributes: { path: 'b' },
    })
    await expect(store.readText({ tenant, vectorStoreId, fileId })).rejects.toMatchObject({ code: 'conflict' })
    expect(await store.removeFile({ tenant, vectorStoreId, fileId })).toBe(true)
    expect(await store.removeFile({ tenant, vectorStoreId, fileId })).toBe(false)
  })

  it('take files in batches, all or none', async () => {
    const files = [await upload('one'), await upload('two')]
    const { id: vectorStoreId } = await store.createVectorStore({ tenant })
    const entries = files.map(({ id }) => ({ fileId: id }))
    await expect(store.addFiles({ tenant, vectorStoreId, files: [...entries, { fileId: 'file_none' }] })).rejects.toMatchObject({
      code: 'not_found',
      param: 'file_id',
    })
    const batch = await store.addFiles({ tenant, vectorStoreId, files: entries })
    expect(batch).toMatchObject({ status: 'in_progress', fileCounts: { total: 2, inProgress: 2 } })
    expect((await store.listVectorStoreFiles({ tenant, vectorStoreId, batchId: batch.id })).data).toHaveLength(2)
    expect(await store.cancelFileBatch({ tenant, vectorStoreId, batchId: batch.id })).toMatchObject({
      status: 'cancelled',
      fileCounts: { cancelled: 2 },
    })
  })
})

it('keeps tenants apart in every method', async () => {
  const { id: fileId, contentHash } = await upload('one')
  const { id: vectorStoreId } = await store.createVectorStore({ tenant, fileIds: [fileId] })
  const { id: batchId } = await store.addFiles({ tenant, vectorStoreId, files: [{ fileId }] })
  const foreign = await store.createVectorStore({ tenant: other })
  const file = { tenant: other, fileId }
  const place = { tenant: other, vectorStoreId }
  const refused = [
    store.getFile(file),
    store.renameFile({ ...file, filename: 'x' }),
    store.readContent(file)[Symbol.asyncIterator]().next(),
    store.getVectorStore(place),
    store.updateVectorStore({ ...place, name: 'x' }),
    store.addFile({ ...place, fileId }),
    store.addFile({ ...file, vectorStoreId: foreign.id }),
    store.getVectorStoreFile({ ...place, fileId }),
    store.listVectorStoreFiles(place),
    store.updateAttributes({ ...place, fileId, attributes: {} }),
    store.readText({ ...place, fileId }),
    store.addFiles({ ...place, files: [{ fileId }] }),
    store.getFileBatch({ ...place, batchId }),
    store.cancelFileBatch({ ...place, batchId }),
    store.createVectorStore({ tenant: other, fileIds: [fileId] }),
  ]
  for (const each of await Promise.allSettled(refused))
    expect(each).toMatchObject({ status: 'rejected', reason: { code: 'not_found' } })
  expect([
    await store.deleteFile(file),
    await store.deleteVectorStore(place),
    await store.removeFile({ ...place, fileId }),
  ]).toEqual([false, false, false])
  expect(await store.findFilesByHash({ tenant: other, contentHashes: [contentHash] })).toEqual([])
  expect(await store.listVectorStoreIds({ tenant: other })).toEqual([foreign.id])
  expect((await store.getVectorStore({ tenant, vectorStoreId })).fileCounts.total).toBe(1)
})

it('lists the files of a store a thousand at a time, other things a hundred', async () => {
  const files = await Promise.all(Array.from({ length: 130 }, (_, number) => upload(`${number}`)))
  const { id: vectorStoreId } = await store.createVectorStore({ tenant, fileIds: files.map(({ id }) => id) })
  const page = await store.listVectorStoreFiles({ tenant, vectorStoreId, limit: 5_000 })
  expect([page.data.length, page.hasMore]).toEqual([130, false])
  expect((await store.listFiles({ tenant, limit: 5_000 })).data).toHaveLength(100)
})

function upload(text: string): Promise<StoredFile> {
  return store.createFile({ tenant, filename: `${text}.txt`, content: pieces(Buffer.from(text), 4) })
}

async function* pieces(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function readAll(fileId: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of store.readContent({ tenant, fileId })) parts.push(part)
  return Buffer.concat(parts)
}
