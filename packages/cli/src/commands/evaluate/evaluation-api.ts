import { randomUUID } from 'node:crypto'
import { Citation, knowledgeLimits } from '@weft/contracts'
import OpenAI, { toFile } from 'openai'
import type { VectorStoreFile } from 'openai/resources/vector-stores/files'
import { z } from 'zod'
import { attachTogether } from '../client/attach-together.ts'
import type { WeftSearch } from './setting-option.ts'

/** A chunk that was found. `document` is undefined when the file has no `_id`, so that its name has to identify it. */
export type FoundChunk = { fileId: string; filename: string; document: string | undefined; start: number; end: number }

export type StoredDocument = { fileId: string; document: string | undefined; status: VectorStoreFile['status'] }

/** The answer to a question. `failed`: the turn ended without an answer, or the server refused it. */
export type Answer = { outcome: 'answered' | 'refused'; citations: Citation[] } | { outcome: 'failed'; reason: string }

/** What evaluation needs of the gateway, all of which any client can ask. */
export interface EvaluationApi {
  uploadText(file: { filename: string; text: string }): Promise<string>
  attach(storeId: string, fileId: string, document: { id: string; partOf?: string | undefined }): Promise<void>
  removeStore(storeId: string): Promise<void>
  listDocuments(storeId: string): Promise<StoredDocument[]>
  search(storeId: string, search: { query: string; weft: WeftSearch | undefined }): Promise<FoundChunk[]>
  ask(storeId: string, question: string): Promise<Answer>
  readText(storeId: string, fileId: string): Promise<string>
  /** Adds to the store's metadata, and keeps the rest of it. */
  addMetadata(storeId: string, metadata: Record<string, string>): Promise<void>
}

export function createEvaluationApi(client: OpenAI): EvaluationApi {
  const attach = attachTogether(client)
  return {
    uploadText: async ({ filename, text }) => {
      const file = await toFile(Buffer.from(text, 'utf8'), filename, { type: 'text/markdown' })
      return (await client.files.create({ file, purpose: 'assistants' })).id
    },
    attach: (storeId, fileId, { id, partOf }) =>
      attach(storeId, { fileId, attributes: { _id: id, ...(partOf === undefined ? {} : { document_id: partOf }) } }),
    removeStore: async (storeId) => {
      await client.vectorStores.delete(storeId)
    },
    listDocuments: (storeId) => listDocuments(client, storeId),
    search: (storeId, search) => searchStore(client, storeId, search),
    ask: (storeId, question) => ask(client, storeId, question),
    readText: async (storeId, fileId) => {
      const page = await client.vectorStores.files.content(fileId, { vector_store_id: storeId })
      return page.data.map(({ text }) => text ?? '').join('')
    },
    addMetadata: async (storeId, metadata) => {
      const store = await client.vectorStores.retrieve(storeId)
      await client.vectorStores.update(storeId, { metadata: { ...store.metadata, ...metadata } })
    },
  }
}

/** A file that was ingested from a folder has its path as an attribute, one that was loaded from a collection its `_id`. */
const Named = z.looseObject({ _id: z.coerce.string().optional(), path: z.string().optional() }).nullish()

function documentOf(attributes: unknown): string | undefined {
  const named = Named.safeParse(attributes).data
  return named?._id ?? named?.path
}

async function listDocuments(client: OpenAI, storeId: string): Promise<StoredDocument[]> {
  const documents: StoredDocument[] = []
  for await (const { id, status, attributes } of client.vectorStores.files.list(storeId, { limit: 100, order: 'asc' })) {
    documents.push({ fileId: id, document: documentOf(attributes), status })
  }
  return documents
}

const SearchResult = z.looseObject({
  file_id: z.string(),
  filename: z.string(),
  attributes: z.unknown(),
  weft: z.looseObject({ start: z.number(), end: z.number() }),
})

async function searchStore(
  client: OpenAI,
  storeId: string,
  { query, weft }: { query: string; weft: WeftSearch | undefined },
): Promise<FoundChunk[]> {
  const body = { query, max_num_results: knowledgeLimits.resultsMax, ...(weft === undefined ? {} : { weft }) }
  const { data } = await client.vectorStores.search(storeId, body)
  return z
    .array(SearchResult)
    .parse(data)
    .map(({ file_id: fileId, filename, attributes, weft: { start, end } }) => {
      return { fileId, filename, document: documentOf(attributes), start, end }
    })
}

const WeftAnswer = z.looseObject({ status: z.string(), degraded: z.array(z.string()).default([]), citations: z.array(Citation) })
const Completion = z.looseObject({ weft: WeftAnswer })

async function ask(client: OpenAI, storeId: string, question: string): Promise<Answer> {
  const body = {
    model: 'weft/search',
    messages: [{ role: 'user' as const, content: question }],
    weft: { vectorStoreIds: [storeId] },
  }
  try {
    // The client tries again when a connection breaks. The key makes that the same turn instead of a second one.
    const answer = await client.chat.completions.create(body, { headers: { 'idempotency-key': randomUUID() } })
    const { status, degraded, citations } = Completion.parse(answer).weft
    if (status !== 'completed') return { outcome: 'failed', reason: `the turn ended ${status}` }
    return { outcome: degraded.includes('no_evidence') ? 'refused' : 'answered', citations }
  } catch (error) {
    if (error instanceof OpenAI.APIError && error.status !== undefined) return { outcome: 'failed', reason: error.message }
    throw error
  }
}
