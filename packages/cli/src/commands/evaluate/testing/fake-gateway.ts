import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { parseJson } from '@weft/contracts'
import OpenAI from 'openai'
import { z } from 'zod'

type Weft = Record<string, unknown>

export type FakeFile = { id: string; filename: string; text: string; attributes: Record<string, string>; status: string }

/**
 * The gateway's routes that evaluation uses, in memory. Files are indexed as soon as they are attached; chunks have 60 characters, and are ranked by shared
 * words.
 */
export type FakeGateway = {
  url: string
  client: OpenAI
  files: Map<string, FakeFile>
  stores: Map<string, { id: string; name: string; metadata: Record<string, string>; fileIds: Set<string> }>
  /** The requests as `METHOD path`, and the bodies of searches. */
  calls: string[]
  searches: Record<string, unknown>[]
  /** The `_id`s of documents whose indexing fails. */
  failing: Set<string>
  /** For a question: the `weft` object of its answer, or the status of its refusal. */
  answer: (question: string) => { weft: Weft } | { status: number }
  /** Changes the order of a search's chunks. */
  reorder: <T>(chunks: T[], weft: Weft | undefined) => T[]
  stop(): Promise<void>
}

const chunkCharacters = 60

export async function startFakeGateway(): Promise<FakeGateway> {
  const server = createServer((request, response) => {
    route(fake, request).then(
      (body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)),
      (error: unknown) => {
        const status = error instanceof Refusal ? error.status : 500
        response.writeHead(status, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ error: { message: String(error), type: 'x', param: null, code: null } }))
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const fake: FakeGateway = {
    url,
    client: new OpenAI({ apiKey: 'weft_key', baseURL: `${url}/v1`, maxRetries: 0 }),
    files: new Map(),
    stores: new Map(),
    calls: [],
    searches: [],
    failing: new Set(),
    answer: () => ({ status: 500 }),
    reorder: (chunks) => chunks,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

class Refusal extends Error {
  readonly status: number
  constructor(status: number) {
    super(`refused with ${status}`)
    this.status = status
  }
}

const Named = z.looseObject({ name: z.string().optional(), metadata: z.record(z.string(), z.string()).optional() })
const Attached = z.looseObject({ file_id: z.string(), attributes: z.record(z.string(), z.string()) })
const Batch = z.looseObject({ files: z.array(Attached) })
const Search = z.looseObject({
  query: z.string(),
  max_num_results: z.number(),
  weft: z.record(z.string(), z.unknown()).optional(),
})
const Chat = z.looseObject({ messages: z.array(z.looseObject({ content: z.string() })) })

async function route(fake: FakeGateway, request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '/', fake.url)
  fake.calls.push(`${request.method} ${pathname}`)
  const [, , resource, id = '', part, fileId = '', last] = pathname.split('/')
  const isPost = request.method === 'POST'
  if (resource === 'files') return request.method === 'DELETE' ? removeFile(fake, id) : receiveFile(fake, request)
  if (resource === 'chat') return answerChat(fake, await readBody(request, Chat))
  if (id === '') return isPost ? createStore(fake, await readBody(request, Named)) : listOf([...fake.stores.values()])
  const store = fake.stores.get(id)
  if (store === undefined) throw new Refusal(404)
  if (part === 'search') return search(fake, id, await readBody(request, Search))
  if (part === 'file_batches') return attach(fake, id, (await readBody(request, Batch)).files)
  if (last === 'content') return { data: [{ type: 'text', text: fake.files.get(fileId)?.text }] }
  if (part === 'files' && isPost) return attach(fake, id, [await readBody(request, Attached)])
  if (part === 'files') return listOf(filesOf(fake, id).filter(({ status }) => status === (searchParams.get('filter') ?? status)))
  if (request.method === 'DELETE') return { deleted: fake.stores.delete(id) }
  if (isPost) Object.assign(store, await readBody(request, Named))
  return storeObject(fake, id)
}

async function receiveFile(fake: FakeGateway, request: IncomingMessage): Promise<unknown> {
  const form = await new Response(await readBytes(request), {
    headers: { 'content-type': request.headers['content-type'] ?? '' },
  }).formData()
  const file = form.get('file')
  if (!(file instanceof File) || file.size === 0) throw new Refusal(400)
  const id = `file_${randomUUID()}`
  fake.files.set(id, { id, filename: file.name, text: await file.text(), attributes: {}, status: 'in_progress' })
  return { id }
}

function removeFile(fake: FakeGateway, fileId: string): unknown {
  for (const { fileIds } of fake.stores.values()) fileIds.delete(fileId)
  return { deleted: fake.files.delete(fileId) }
}

function createStore(fake: FakeGateway, { name = '' }: z.infer<typeof Named>): unknown {
  const store = { id: `vs_${randomUUID()}`, name, metadata: {}, fileIds: new Set<string>() }
  fake.stores.set(store.id, store)
  return storeObject(fake, store.id)
}

function attach(fake: FakeGateway, storeId: string, files: z.infer<typeof Attached>[]): unknown {
  for (const { file_id: fileId, attributes } of files) {
    fake.stores.get(storeId)?.fileIds.add(fileId)
    const file = fake.files.get(fileId)
    if (file !== undefined)
      Object.assign(file, { attributes, status: fake.failing.has(attributes._id ?? '') ? 'failed' : 'completed' })
  }
  return {}
}

function filesOf(fake: FakeGateway, storeId: string) {
  return [...(fake.stores.get(storeId)?.fileIds ?? [])].flatMap((id) => {
    const file = fake.files.get(id)
    return file === undefined ? [] : [{ ...file, last_error: file.status === 'failed' ? { message: 'not text' } : null }]
  })
}

function storeObject(fake: FakeGateway, storeId: string): unknown {
  const files = filesOf(fake, storeId)
  const count = (status: string) => files.filter((file) => file.status === status).length
  const counts = { in_progress: 0, completed: count('completed'), failed: count('failed'), total: files.length }
  return { ...fake.stores.get(storeId), file_counts: counts }
}

function search(fake: FakeGateway, storeId: string, body: z.infer<typeof Search>): unknown {
  fake.searches.push(body)
  const words = new Set(body.query.toLowerCase().match(/\w+/g))
  const chunks = filesOf(fake, storeId).flatMap(({ id, filename, attributes, text }) => {
    const points = [...text]
    return Array.from({ length: Math.ceil(points.length / chunkCharacters) }, (_, index) => {
      const [start, end] = [index * chunkCharacters, Math.min(points.length, (index + 1) * chunkCharacters)]
      const found = points.slice(start, end).join('').toLowerCase().match(/\w+/g) ?? []
      const score = found.filter((word) => words.has(word)).length
      return { file_id: id, filename, attributes, score, content: [], weft: { start, end } }
    })
  })
  const ranked = chunks.filter(({ score }) => score > 0).toSorted((a, b) => b.score - a.score)
  return { data: fake.reorder(ranked, body.weft).slice(0, body.max_num_results), has_more: false, next_page: null }
}

function answerChat(fake: FakeGateway, { messages }: z.infer<typeof Chat>): unknown {
  const answer = fake.answer(messages[0]?.content ?? '')
  if ('status' in answer) throw new Refusal(answer.status)
  return { id: 'chatcmpl_1', object: 'chat.completion', choices: [], weft: answer.weft }
}

function listOf(data: { id: string }[]): unknown {
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: false }
}

async function readBody<T extends z.ZodType>(request: IncomingMessage, schema: T): Promise<z.infer<T>> {
  return parseJson(schema, (await readBytes(request)).toString('utf8'), 'the body')
}

async function readBytes(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}
