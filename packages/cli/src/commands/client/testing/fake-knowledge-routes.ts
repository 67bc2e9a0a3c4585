import type { IncomingMessage } from 'node:http'
import { createHash } from 'node:crypto'
import { parseJson } from '@weft/contracts'
import { z } from 'zod'

/** The state of a fake knowledge server, and its answers to requests: undefined for what does not exist. */
export type FakeKnowledgeRoutes = {
  answer(request: IncomingMessage, url: URL): Promise<object | undefined>
  /** How many uploads were stored, without those that were repeated with the same key. */
  uploads(): number
  /** How often files were attached. */
  attachments(): number
  /** How many files are stored now, attached or not. */
  fileCount(): number
  /** The files of the store: their paths, and the hashes of the bytes that were sent. */
  entries(): { path: unknown; sha256: string }[]
}

const Attached = z.object({ file_id: z.string(), attributes: z.record(z.string(), z.unknown()) })
const Batch = z.object({ files: z.array(Attached) })
type Entry = { id: string; attributes: Record<string, unknown> }

export function createFakeKnowledgeRoutes(): FakeKnowledgeRoutes {
  const files = new Map<string, string>()
  const entries = new Map<string, Entry>()
  let storeName: string | undefined
  const keys = new Map<string, string>()
  let uploads = 0
  let attachments = 0

  const store = () => {
    const counts = { in_progress: 0, completed: entries.size, failed: 0, cancelled: 0, total: entries.size }
    return { id: 'vs_1', object: 'vector_store', name: storeName, file_counts: counts }
  }

  function upload(hash: string, key: string) {
    const known = keys.get(key)
    if (known !== undefined && files.has(known)) return { id: known }
    uploads += 1
    files.set(`file_${uploads}`, hash)
    keys.set(key, `file_${uploads}`)
    return { id: `file_${uploads}` }
  }

  function attach({ file_id: id, attributes }: z.infer<typeof Attached>): void {
    attachments += 1
    if (files.has(id)) entries.set(id, { id, attributes })
  }

  async function answer(request: IncomingMessage, url: URL): Promise<object | undefined> {
    const body = await readBody(request)
    const json = <T extends z.ZodType>(schema: T) => parseJson(schema, body.toString('utf8'), 'the body')
    const [, , resource, id, , fileId] = url.pathname.split('/')
    const isPost = request.method === 'POST'
    if (resource === 'files' && isPost)
      return upload(await hashOfUpload(body, request), String(request.headers['idempotency-key']))
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
    if (fileId !== undefined) return entries.has(fileId) ? { id: fileId, status: 'completed' } : undefined
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

  return {
    answer,
    uploads: () => uploads,
    attachments: () => attachments,
    fileCount: () => files.size,
    entries: () => [...entries].map(([id, { attributes }]) => ({ path: attributes.path, sha256: files.get(id) ?? 'gone' })),
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
