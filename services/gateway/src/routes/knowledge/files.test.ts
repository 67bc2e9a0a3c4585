import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openDatabase } from '@weft/database'
import OpenAI, { toFile } from 'openai'
import { type KnowledgeTestbed, serveKnowledge, startKnowledgeTestbed } from './testing.ts'

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

describe('files, through the published client', () => {
  it('come back with the bytes that were sent', async () => {
    const bytes = Buffer.from([...Array(3_000_000).keys()].map((index) => index % 251))
    const created = await client.files.create({ file: await toFile(bytes, 'größe.bin'), purpose: 'assistants' })
    expect(created).toMatchObject({
      object: 'file',
      bytes: 3_000_000,
      filename: 'größe.bin',
      purpose: 'assistants',
      status: 'processed',
    })
    expect(created.created_at).toBeGreaterThan(1_700_000_000)
    expect(await client.files.retrieve(created.id)).toEqual(created)
    const content = await client.files.content(created.id)
    expect(content.headers.get('content-type')).toBe('application/octet-stream')
    expect(Buffer.from(await content.arrayBuffer()).equals(bytes)).toBe(true)
    await client.files.delete(created.id)
  })

  it('keep a purpose that follows the bytes', async () => {
    const created = await client.files.create({ file: await toFile(Buffer.from('x'), 'a.txt'), purpose: 'user_data' })
    expect(created.purpose).toBe('user_data')
    expect((await client.files.list({ purpose: 'user_data' })).data.map(({ id }) => id)).toEqual([created.id])
    await client.files.delete(created.id)
  })

  it('are one file, however often a client sends it under one Idempotency-Key', async () => {
    const send = async (text: string) =>
      client.files.create(
        { file: await toFile(Buffer.from(text), 'a.txt'), purpose: 'assistants' },
        { headers: { 'Idempotency-Key': 'upload-1' } },
      )
    const first = await send('tide')
    expect(await send('tide')).toEqual(first)
    await expect(send('moon')).rejects.toMatchObject({ status: 409, code: 'conflict', param: 'Idempotency-Key' })
    expect((await client.files.list()).data.map(({ id }) => id)).toEqual([first.id])
    await client.files.delete(first.id)
  })

  it('are listed page by page, newest first', async () => {
    const ids: string[] = []
    for (const name of ['1.txt', '2.txt', '3.txt']) ids.push((await upload(name, name)).id)
    const listed: string[] = []
    for await (const file of client.files.list({ limit: 2 })) listed.push(file.id)
    expect(listed).toEqual(ids.toReversed())
    for (const id of ids) await client.files.delete(id)
  })

  it('are gone when they are deleted', async () => {
    const file = await upload('a.txt', 'x')
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: 'file', deleted: true })
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404, code: 'not_found' })
    await expect(client.files.content(file.id)).rejects.toThrow(OpenAI.NotFoundError)
    await expect(client.files.delete(file.id)).rejects.toThrow(OpenAI.NotFoundError)
  })

  it('are not there for another tenant', async () => {
    const file = await upload('a.txt', 'x')
    await expect(otherTenant.files.retrieve(file.id)).rejects.toThrow(OpenAI.NotFoundError)
    expect((await otherTenant.files.list()).data).toEqual([])
    await expect(otherTenant.files.delete(file.id)).rejects.toThrow(OpenAI.NotFoundError)
    await client.files.delete(file.id)
  })

  it('that are empty are refused and leave nothing', async () => {
    await expect(
      client.files.create({ file: await toFile(Buffer.alloc(0), 'a.txt'), purpose: 'assistants' }),
    ).rejects.toMatchObject({
      status: 400,
      param: 'file',
      type: 'invalid_request_error',
    })
    expect((await client.files.list()).data).toEqual([])
  })
})

it('says that the database is away, and that it is worth trying again', async () => {
  const away = openDatabase({ urls: ['postgres://postgres@127.0.0.1:9/postgres'] })
  const served = await serveKnowledge(away)
  try {
    const failing = served.client
    await expect(failing.vectorStores.list()).rejects.toMatchObject({ status: 503, code: 'dependency_unavailable' })
    const file = await toFile(Buffer.from('x'), 'a.txt')
    await expect(failing.files.create({ file, purpose: 'assistants' })).rejects.toMatchObject({ status: 503 })
  } finally {
    await served.stop()
    await away.stop()
  }
})

async function upload(name: string, text: string) {
  return client.files.create({ file: await toFile(Buffer.from(text), name), purpose: 'assistants' })
}
