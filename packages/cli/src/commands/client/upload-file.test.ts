import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import type { FingerprintedFile } from './fingerprint-file.ts'
import { FileChangedError, uploadFile } from './upload-file.ts'

let folder: string
let server: Server
let client: OpenAI
let received: { authorization: string | undefined; key: string | string[] | undefined; form: FormData }[]
let answer: (response: ServerResponse) => void

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-upload-'))
  received = []
  answer = (response) => response.end('{"id":"file_1"}')
  server = createServer((request, response) => {
    readForm(request).then(
      (form) => {
        received.push({ authorization: request.headers.authorization, key: request.headers['idempotency-key'], form })
        answer(response)
      },
      () => undefined,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  client = new OpenAI({ apiKey: 'weft_key', baseURL: `http://127.0.0.1:${port}/v1` })
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

describe('uploading a file', () => {
  it('sends the bytes, the purpose, both keys, and the name with its folders', async () => {
    const file = await fingerprinted('a/"quoted" größe.md', 'tide '.repeat(200_000))
    expect(await uploadFile(client, file, 'key-1')).toBe('file_1')
    const upload = received[0]?.form.get('file')
    if (!(upload instanceof Blob)) throw new Error('no file in the form')
    expect(await upload.text()).toBe('tide '.repeat(200_000))
    expect(upload).toMatchObject({ name: 'a/"quoted" größe.md' })
    expect(received[0]?.form.get('purpose')).toBe('assistants')
    expect(received[0]).toMatchObject({ authorization: 'Bearer weft_key', key: 'key-1' })
  })

  it('spells out what a file name may hold and a header may not', async () => {
    await uploadFile(client, await fingerprinted('a\u001b[31m\tred\u007f.md', 'tide'), 'key-1')
    expect(received[0]?.form.get('file')).toMatchObject({ name: 'a%1B[31m%09red%7F.md' })
  })

  it('keeps the connection for the next', async () => {
    let connections = 0
    server.on('connection', () => {
      connections += 1
    })
    for (let times = 0; times < 3; times += 1) await uploadFile(client, await fingerprinted('a.md', 'tide'), 'key-1')
    expect(connections).toBe(1)
  })

  it.each([
    ['changed', 'other words'],
    ['shortened', 'tide'],
  ])('is given up when the file was %s, and the form never ends', async (_, text) => {
    const file = await fingerprinted('a.md', 'tide tide tide')
    await writeFile(file.absolutePath, text)
    await expect(uploadFile(client, file, 'key-1')).rejects.toThrow(FileChangedError)
    expect(received).toEqual([])
  })

  it('is given up when the file is gone', async () => {
    const file = await fingerprinted('a.md', 'tide')
    await rm(file.absolutePath)
    await expect(uploadFile(client, file, 'key-1')).rejects.toThrow(/a\.md: deleted/)
  })

  it('leaves out what was appended meanwhile: that is the next run’s change', async () => {
    const file = await fingerprinted('a.md', 'tide')
    await writeFile(file.absolutePath, 'tide and moon')
    await uploadFile(client, file, 'key-1')
    expect(await blobText(received[0]?.form.get('file'))).toBe('tide')
  })

  it('tells a refusal with the server’s own words, without trying again', async () => {
    answer = (response) =>
      response.writeHead(413).end('{"error":{"message":"too large","type":"x","param":"file","code":"payload_too_large"}}')
    const file = await fingerprinted('a.md', 'tide')
    await expect(uploadFile(client, file, 'key-1')).rejects.toMatchObject({
      status: 413,
      code: 'payload_too_large',
      message: '413 too large',
    })
    expect(received).toHaveLength(1)
  })
})

async function fingerprinted(path: string, text: string): Promise<FingerprintedFile> {
  const absolutePath = join(folder, 'source')
  await writeFile(absolutePath, text)
  const sha256 = createHash('sha256').update(text).digest('hex')
  const sizeBytes = Buffer.byteLength(text)
  return { kind: 'file', absolutePath, root: folder, path, sizeBytes, mtimeMs: 1, ctimeMs: 1, tokens: 1, sha256 }
}

/** Parsed by Node's own form parser, which is not ours. */
async function readForm(request: IncomingMessage): Promise<FormData> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return new Response(Buffer.concat(pieces), { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData()
}

async function blobText(entry: unknown): Promise<string | undefined> {
  return entry instanceof Blob ? entry.text() : undefined
}
