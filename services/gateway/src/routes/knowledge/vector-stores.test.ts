import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import OpenAI, { toFile } from 'openai'
import { z } from 'zod'
import { type KnowledgeTestbed, startKnowledgeTestbed } from './testing.ts'

const tides = '# Tides\n\nThe moon raises the tides of the sea.\n\n# Sun\n\nThe sun raises smaller tides, called neap tides.\n'
const bread = 'Bread rises because yeast makes carbon dioxide.\n'

const Hit = z.looseObject({
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })),
  weft: z.looseObject({ chunkId: z.string(), start: z.number(), end: z.number(), rank: z.number(), rawScore: z.number() }),
})

let testbed: KnowledgeTestbed
let client: OpenAI
let otherTenant: OpenAI

beforeAll(async () => {
  testbed = await startKnowledgeTestbed()
  client = testbed.client
  otherTenant = testbed.otherTenant
})

afterAll(async () => {
  await testbed.stop()
  expect(testbed.unforeseen).toEqual([])
})

describe('vector stores, through the published client', () => {
  it('live from creation to deletion', async () => {
    const created = await client.vectorStores.create({ name: 'notes', metadata: { team: 'sea' } })
    expect(created).toMatchObject({
      object: 'vector_store',
      name: 'notes',
      metadata: { team: 'sea' },
      status: 'completed',
      usage_bytes: 0,
      file_counts: { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
    })
    const updated = await client.vectorStores.update(created.id, { name: 'logs', metadata: null })
    expect(updated).toMatchObject({ id: created.id, name: 'logs', metadata: {} })
    expect((await client.vectorStores.list()).data.map(({ id }) => id)).toContain(created.id)
    expect(await client.vectorStores.delete(created.id)).toEqual({
      id: created.id,
      object: 'vector_store.deleted',
      deleted: true,
    })
    await expect(client.vectorStores.retrieve(created.id)).rejects.toThrow(OpenAI.NotFoundError)
    expect(testbed.changedTenants).toContain('acme')
  })

  it('are made and searched whatever else a request says, and what had no effect is named', async () => {
    const body = { name: 'notes', colour: 'blue' }
    const made = client.post<{ id: string }>('/vector_stores', { body })
    expect((await made.asResponse()).headers.get('x-weft-ignored-fields')).toBe('colour')
    const search = client.post(`/vector_stores/${(await made).id}/search`, { body: { query: 'sea', filter: { type: 'eq' } } })
    expect((await search.asResponse()).headers.get('x-weft-ignored-fields')).toBe('filter')
    await client.vectorStores.delete((await made).id)
  })

  it('are not there for another tenant', async () => {
    const { id } = await client.vectorStores.create({ name: 'notes' })
    await expect(otherTenant.vectorStores.retrieve(id)).rejects.toThrow(OpenAI.NotFoundError)
    await expect(otherTenant.vectorStores.search(id, { query: 'x' })).rejects.toThrow(OpenAI.NotFoundError)
    await expect(otherTenant.vectorStores.delete(id)).rejects.toThrow(OpenAI.NotFoundError)
    await client.vectorStores.delete(id)
  })

  it('index the files they are created with', async () => {
    const file = await upload('tides.md', tides)
    const store = await client.vectorStores.create({ name: 'notes', file_ids: [file.id] })
    expect(await client.vectorStores.files.poll(store.id, file.id, { pollIntervalMs: 20 })).toMatchObject({ status: 'completed' })
    expect(await client.vectorStores.retrieve(store.id)).toMatchObject({
      file_counts: { completed: 1, total: 1 },
      status: 'completed',
    })
  })
})

describe('files of a vector store', () => {
  it('rewrite a query that goes on from a conversation, and tell what they searched for', async () => {
    const store = await client.vectorStores.create({ name: 'talk' })
    const query = { query: 'And what raises them?', rewrite_query: true }
    const messages = [{ role: 'user', content: 'How high are the tides of the sea?' }]
    const search = (body: object) => client.post(`/vector_stores/${store.id}/search`, { body: { ...query, ...body } })
    expect(await search({ weft: { messages } })).toMatchObject({ search_query: ['What raises them (tides of the sea)?'] })
    expect(await search({ weft: { messages }, rewrite_query: false })).toMatchObject({ search_query: [query.query] })
    await expect(search({ weft: { messages: 'x' } })).rejects.toThrow(/messages/)
    expect(testbed.accounts.slice(-2)).toEqual(Array(2).fill({ tenant: 'acme', keyId: 'key_acme' }))
    await client.vectorStores.delete(store.id)
  })

  it('are uploaded, indexed, read and found with exact places', async () => {
    const store = await client.vectorStores.create({ name: 'notes' })
    const file = await client.vectorStores.files.uploadAndPoll(store.id, await toFile(Buffer.from(tides), 'tides.md'), {
      pollIntervalMs: 20,
    })
    expect(file).toMatchObject({ object: 'vector_store.file', status: 'completed', last_error: null, vector_store_id: store.id })
    const texts = await client.vectorStores.files.content(file.id, { vector_store_id: store.id })
    expect(texts.data).toEqual([{ type: 'text', text: tides }])

    const found = await client.vectorStores.search(store.id, { query: 'neap tides of the sun' })
    const [best] = z.array(Hit).parse(found.data)
    expect(best).toMatchObject({ file_id: file.id, filename: 'tides.md', content: [{ type: 'text' }], weft: { rank: 1 } })
    expect(best?.content[0]?.text).toContain('neap tides')
    expect([...tides].slice(best?.weft.start, best?.weft.end).join('')).toBe(best?.content[0]?.text)
  })

  it('are filtered by their attributes, also after these changed', async () => {
    const store = await client.vectorStores.create({ name: 'mixed' })
    const [first, second] = [await upload('tides.md', tides), await upload('bread.md', bread)]
    await client.vectorStores.files.createAndPoll(
      store.id,
      { file_id: first.id, attributes: { topic: 'sea', year: 2026 } },
      { pollIntervalMs: 20 },
    )
    await client.vectorStores.files.createAndPoll(
      store.id,
      { file_id: second.id, attributes: { topic: 'food' } },
      { pollIntervalMs: 20 },
    )
    const search = async (topic: string) => {
      const filters = { type: 'eq' as const, key: 'topic', value: topic }
      return (await client.vectorStores.search(store.id, { query: 'tides and bread', filters })).data.map(
        ({ filename }) => filename,
      )
    }
    expect(new Set(await search('food'))).toEqual(new Set(['bread.md']))
    const changed = await client.vectorStores.files.update(first.id, { vector_store_id: store.id, attributes: { topic: 'food' } })
    expect(changed.attributes).toEqual({ topic: 'food' })
    expect(new Set(await search('food'))).toEqual(new Set(['bread.md', 'tides.md']))
    expect(await search('sea')).toEqual([])
  })

  it('keep their index when they are renamed', async () => {
    const store = await client.vectorStores.create({ name: 'renamed' })
    const file = await client.vectorStores.files.uploadAndPoll(store.id, await toFile(Buffer.from(bread), 'a.md'), {
      pollIntervalMs: 20,
    })
    await client.post(`/vector_stores/${store.id}/files/${file.id}`, { body: { filename: 'docs/bread.md' } })
    expect(await client.vectorStores.files.retrieve(file.id, { vector_store_id: store.id })).toMatchObject({
      status: 'completed',
    })
    expect((await client.vectorStores.search(store.id, { query: 'yeast' })).data[0]?.filename).toBe('docs/bread.md')
  })

  it('that cannot be read say why', async () => {
    const store = await client.vectorStores.create({ name: 'binary' })
    const file = await client.vectorStores.files.uploadAndPoll(store.id, await toFile(Buffer.from([1, 0, 2]), 'a.txt'), {
      pollIntervalMs: 20,
    })
    expect(file).toMatchObject({
      status: 'failed',
      last_error: { code: 'unsupported_file', message: expect.stringContaining('binary') },
    })
    expect((await client.vectorStores.files.list(store.id, { filter: 'failed' })).data.map(({ id }) => id)).toEqual([file.id])
    expect((await client.vectorStores.files.list(store.id, { filter: 'completed' })).data).toEqual([])
  })

  it('leave the store without being deleted', async () => {
    const store = await client.vectorStores.create({ name: 'emptied' })
    const file = await client.vectorStores.files.uploadAndPoll(store.id, await toFile(Buffer.from(bread), 'a.md'), {
      pollIntervalMs: 20,
    })
    const place = { vector_store_id: store.id }
    expect(await client.vectorStores.files.delete(file.id, place)).toEqual({
      id: file.id,
      object: 'vector_store.file.deleted',
      deleted: true,
    })
    await expect(client.vectorStores.files.retrieve(file.id, place)).rejects.toThrow(OpenAI.NotFoundError)
    await expect(client.vectorStores.files.delete(file.id, place)).rejects.toThrow(OpenAI.NotFoundError)
    expect((await client.vectorStores.search(store.id, { query: 'yeast' })).data).toEqual([])
    expect((await client.files.retrieve(file.id)).id).toBe(file.id)
  })
})

describe('a vector store deleted meanwhile', () => {
  it('answers who searches it or adds to it with what was there, or says it is not there', async () => {
    const store = await client.vectorStores.create({ name: 'short-lived' })
    const file = await upload('tides.md', tides)
    await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id }, { pollIntervalMs: 20 })
    const asked = [
      ...Array.from({ length: 8 }, () => client.vectorStores.search(store.id, { query: 'moon' })),
      client.vectorStores.files.create(store.id, { file_id: file.id }),
      client.vectorStores.fileBatches.create(store.id, { file_ids: [file.id] }),
    ]
    const deleted = client.vectorStores.delete(store.id)
    for (const outcome of await Promise.allSettled(asked)) {
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(OpenAI.NotFoundError)
    }
    await deleted
    await expect(client.vectorStores.search(store.id, { query: 'moon' })).rejects.toThrow(OpenAI.NotFoundError)
    await expect(client.vectorStores.files.list(store.id)).rejects.toThrow(OpenAI.NotFoundError)
  })
})

describe('file batches', () => {
  it('index many files and count them', async () => {
    const store = await client.vectorStores.create({ name: 'batch' })
    const files = [
      await toFile(Buffer.from(tides), 'tides.md'),
      await toFile(Buffer.from(bread), 'bread.md'),
      await toFile(Buffer.from([0]), 'x'),
    ]
    const batch = await client.vectorStores.fileBatches.uploadAndPoll(store.id, { files }, { pollIntervalMs: 20 })
    expect(batch).toMatchObject({
      object: 'vector_store.files_batch',
      vector_store_id: store.id,
      file_counts: { completed: 2, failed: 1, total: 3 },
    })
    const listed = await client.vectorStores.fileBatches.listFiles(batch.id, { vector_store_id: store.id, filter: 'completed' })
    expect(listed.data).toHaveLength(2)
    expect((await client.vectorStores.search(store.id, { query: ['yeast', 'moon'] })).data.length).toBeGreaterThanOrEqual(2)
  })

  it('give each file its own attributes', async () => {
    const store = await client.vectorStores.create({ name: 'batch' })
    const [a, b] = [await upload('a.md', tides), await upload('b.md', bread)]
    const files = [{ file_id: a.id, attributes: { n: 1 } }, { file_id: b.id }]
    await client.vectorStores.fileBatches.createAndPoll(store.id, { files }, { pollIntervalMs: 20 })
    expect(await client.vectorStores.files.retrieve(a.id, { vector_store_id: store.id })).toMatchObject({ attributes: { n: 1 } })
    expect(await client.vectorStores.files.retrieve(b.id, { vector_store_id: store.id })).toMatchObject({ attributes: {} })
  })

  it('can be cancelled, also when they are done', async () => {
    const store = await client.vectorStores.create({ name: 'batch' })
    const file = await upload('a.md', tides)
    const batch = await client.vectorStores.fileBatches.createAndPoll(store.id, { file_ids: [file.id] }, { pollIntervalMs: 20 })
    const cancelled = await client.vectorStores.fileBatches.cancel(batch.id, { vector_store_id: store.id })
    expect(cancelled).toMatchObject({ id: batch.id, file_counts: { completed: 1, cancelled: 0 } })
    await expect(client.vectorStores.fileBatches.retrieve('vsfb_none', { vector_store_id: store.id })).rejects.toThrow(
      OpenAI.NotFoundError,
    )
  })
})

describe('bad requests name what is wrong', () => {
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v']))

  it.each([
    { path: '/vector_stores', body: { name: 5 }, param: 'name' },
    { path: '/vector_stores', body: { metadata: many }, param: 'metadata' },
    { path: '/vector_stores', body: { expires_after: { anchor: 'last_active_at', days: 0 } }, param: 'expires_after.days' },
    { path: '/vector_stores', body: { expires_after: { anchor: 'last_active_at', days: 366 } }, param: 'expires_after.days' },
    { path: '/vector_stores', body: { expires_after: { anchor: 'created_at', days: 1 } }, param: 'expires_after.anchor' },
    { path: '/vector_stores/STORE', body: { expires_after: { anchor: 'last_active_at' } }, param: 'expires_after.days' },
    { path: '/vector_stores/STORE/files', body: {}, param: 'file_id' },
    { path: '/vector_stores/STORE/files', body: { file_id: 'x', attributes: many }, param: 'attributes' },
    { path: '/vector_stores/STORE/file_batches', body: {}, param: 'file_ids' },
    { path: '/vector_stores/STORE/file_batches', body: { file_ids: ['a'], files: [{ file_id: 'a' }] }, param: 'file_ids' },
    { path: '/vector_stores/STORE/search', body: {}, param: 'query' },
    { path: '/vector_stores/STORE/search', body: { query: 'x', max_num_results: 51 }, param: 'max_num_results' },
    { path: '/vector_stores/STORE/search', body: { query: 'x', filters: { type: 'eq', key: 'a' } }, param: 'filters.value' },
    {
      path: '/vector_stores/STORE/files',
      body: {
        file_id: 'x',
        chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 60 } },
      },
      param: 'chunking_strategy.static.chunk_overlap_tokens',
    },
  ])('$param in POST $path', async ({ path, body, param }) => {
    const store = await client.vectorStores.create({ name: 'bad' })
    await expect(client.post(path.replace('STORE', store.id), { body })).rejects.toMatchObject({
      status: 400,
      param,
      code: 'invalid_request',
    })
  })

  it('a limit out of range', async () => {
    await expect(client.vectorStores.list({ limit: 101 })).rejects.toMatchObject({ status: 400, param: 'limit' })
    const store = await client.vectorStores.create({ name: 'bad' })
    expect((await client.vectorStores.files.list(store.id, { limit: 1_000 })).data).toEqual([])
    await expect(client.vectorStores.files.list(store.id, { limit: 1_001 })).rejects.toMatchObject({
      status: 400,
      param: 'limit',
    })
  })

  it('a file or a store that is not there', async () => {
    const store = await client.vectorStores.create({ name: 'bad' })
    await expect(client.vectorStores.files.create(store.id, { file_id: 'file_none' })).rejects.toMatchObject({
      status: 404,
      param: 'file_id',
    })
    await expect(client.vectorStores.files.create('vs_none', { file_id: 'file_none' })).rejects.toThrow(OpenAI.NotFoundError)
    await expect(client.vectorStores.search('vs_none', { query: 'x' })).rejects.toThrow(OpenAI.NotFoundError)
  })
})

async function upload(name: string, text: string) {
  return client.files.create({ file: await toFile(Buffer.from(text), name), purpose: 'assistants' })
}
