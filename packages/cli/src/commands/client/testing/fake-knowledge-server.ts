import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'

/** The knowledge routes of a gateway in memory, for one store: what is attached is indexed at once. */
export type FakeKnowledgeServer = {
  url: string
  /** Uploads that were stored, since the start. */
  uploads(): number
  /** Files stored now, attached or not. */
  fileCount(): number
  /** What the store holds: path, and the hash of the bytes that were sent. */
  entries(): { path: unknown; sha256: string }[]
  stop(): Promise<void>
}

const Attached = z.object({ file_id: z.string(), attributes: z.record(z.string(), z.unknown()) })
const Batch = z.object({ files: z.array(Attached) })
type Entry = { id: string; attributes: Record<string, unknown> }

/** A request takes so long, so that a kill finds many of them under way. */
const requestMs = 4

export async function startFakeKnowledgeServer(): Promise<FakeKnowledgeServer> {
  const files = new Map<string, string>()
  const entries = new Map<string, Entry>()
  let storeName: string | undefined
  let uploads = 0

  const store = () => {
    const counts = { in_progress: 0, completed: entries.size, failed: 0, cancelled: 0, total: entries.size }
    return { id: 'vs_1', object: 'vector_store', name: storeName, file_counts: counts }
  }

  function attach({ file_id: id, attributes }: z.infer<typeof Attached>): void {
    if (files.has(id)) entries.set(id, { id, attributes })
  }

  async function answer(request: IncomingMessage, url: URL): Promise<object> {
    const body = await readBody(request)
    const json = <T extends z.ZodType>(schema: T) => parseJson(schema, body.toString('utf8'), 'the body')
    const [, , resource, id, , fileId] = url.pathname.split('/')
    const isPost = request.method === 'POST'
    if (resource === 'files' && isPost) {
      uploads += 1
      files.set(`file_${uploads}`, await hashOfUpload(body, request))
      return { id: `file_${uploads}` }
    }
    if (resource === 'files') {
      files.delete(id ?? '')
      entries.delete(id ?? '')
      return { id, deleted: true }
    }
    if (id === undefined && isPost) storeName = json(z.object({ name: z.string() })).name
    if (id === undefined) return isPost ? store() : { data: storeName === undefined ? [] : [store()], has_more: false }
    if (url.pathname.endsWith('/file_batches')) for (const file of json(Batch).files) attach(file)
    else if (fileId !== undefined && isPost) entries.set(fileId, { id: fileId, ...json(Attached.omit({ file_id: true })) })
    else if (isPost) attach(json(Attached))
    if (isPost) return {}
    return url.pathname.endsWith('/files') ? listPage(url) : store()
  }

  function listPage({ searchParams }: URL) {
    if (searchParams.has('filter')) return { data: [], has_more: false }
    const newestFirst = [...entries.values()].toReversed()
    const after = searchParams.get('after')
    const from = after === null ? 0 : newestFirst.findIndex(({ id }) => id === after) + 1
    const page = newestFirst.slice(from, from + 100)
    const data = page.map((entry) => ({ ...entry, status: 'completed', last_error: null }))
    return { data, has_more: newestFirst.length > from + 100 }
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const result = await answer(request, new URL(request.url ?? '', 'http://localhost'))
    await sleep(requestMs)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
  }

  const server = createServer((request, response) => void respond(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    uploads: () => uploads,
    fileCount: () => files.size,
    entries: () => [...entries].map(([id, { attributes }]) => ({ path: attributes.path, sha256: files.get(id) ?? 'gone' })),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function hashOfUpload(body: Buffer, request: IncomingMessage): Promise<string> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  const file = (await new Response(new Uint8Array(body), { headers }).formData()).get('file')
  const bytes = file instanceof Blob ? new Uint8Array(await file.arrayBuffer()) : new Uint8Array()
  return createHash('sha256').update(bytes).digest('hex')
}
