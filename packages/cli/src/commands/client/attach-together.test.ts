import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { attachTogether } from './attach-together.ts'

type Received = { path: string; body: { file_id?: string; files?: { file_id: string; attributes: object }[] } }

let server: Server
let client: OpenAI
let received: Received[]
/** Files the server does not take. */
let refused: Set<string>

beforeEach(async () => {
  received = []
  refused = new Set()
  server = createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const body: Received['body'] = JSON.parse(text)
    received.push({ path: request.url ?? '', body })
    const ids = body.files?.map(({ file_id }) => file_id) ?? [body.file_id ?? '']
    response.statusCode = ids.some((id) => refused.has(id)) ? 404 : 200
    response.setHeader('content-type', 'application/json').end('{"id":"1","error":{"message":"no such file"}}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  client = new OpenAI({ apiKey: 'weft_key', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 })
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('attaching files', () => {
  it('sends those that come close together in one request, with the attributes of each', async () => {
    await attachAll(['file_1', 'file_2', 'file_3'])
    expect(received).toEqual([
      {
        path: '/v1/vector_stores/vs_1/file_batches',
        body: { files: ['file_1', 'file_2', 'file_3'].map((id) => ({ file_id: id, attributes: { path: id } })) },
      },
    ])
  })

  it('sends a lone file by itself, and never more than a hundred together', async () => {
    await attachAll(Array.from({ length: 201 }, (_, number) => `file_${number}`))
    expect(received.map(({ body }) => body.files?.length ?? 1).toSorted((a, b) => a - b)).toEqual([1, 100, 100])
  })

  it('attaches the others when one of a batch is refused', async () => {
    refused.add('file_2')
    const results = await attachAll(['file_1', 'file_2', 'file_3'])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(received.map(({ body }) => body.file_id ?? 'batch')).toEqual(['batch', 'file_1', 'file_2', 'file_3'])
  })

  it('tells all of them when the server is gone', async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    const results = await attachAll(['file_1', 'file_2'])
    for (const result of results) expect(result).toMatchObject({ reason: expect.any(OpenAI.APIConnectionError) })
  })
})

function attachAll(fileIds: string[]) {
  const attach = attachTogether(client)
  return Promise.allSettled(fileIds.map((fileId) => attach('vs_1', { fileId, attributes: { path: fileId } })))
}
