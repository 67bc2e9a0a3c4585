import type { ServerResponse } from 'node:http'
import { z } from 'zod'
import { type ModelServer, type Reply, type ServedRequest, sendJson, startModelServer } from './model-server.ts'
import { issueText } from './openai-server.ts'

export type RerankServerOptions = {
  wire: 'cohere' | 'voyage' | 'jina'
  /** The only key it takes; default `test-key`. */
  apiKey?: string
  /** As servers of one's own do that answer a model's bare logits. */
  isLogit?: boolean
}

const common = { model: z.string().min(1), query: z.string().min(1), documents: z.array(z.string().min(1)).min(1).max(1_000) }

/** Requests as the providers' own APIs accept them: an unknown field is an error. */
const requests = {
  cohere: z.strictObject({
    ...common,
    top_n: z.int().positive().optional(),
    max_tokens_per_doc: z.int().positive().optional(),
    priority: z.int().optional(),
  }),
  voyage: z.strictObject({
    ...common,
    top_k: z.int().positive().optional(),
    return_documents: z.boolean().optional(),
    truncation: z.boolean().optional(),
  }),
  jina: z.strictObject({ ...common, top_n: z.int().positive().optional(), return_documents: z.boolean().optional() }),
}
const paths = { cohere: '/v2', voyage: '/v1', jina: '/v1' }

/** A strict local server that ranks on Cohere's, Voyage's or Jina's wire: a document scores by the share of the query's words it holds. */
export function startRerankServer({ wire, apiKey = 'test-key', isLogit = false }: RerankServerOptions): Promise<ModelServer> {
  return startModelServer(
    {
      basePath: paths[wire],
      answerGet: () => false,
      check(request, body) {
        if (request.headers.authorization !== `Bearer ${apiKey}`)
          return { status: 401, message: `wrong key ${request.headers.authorization}` }
        if (request.method !== 'POST' || request.url !== `${paths[wire]}/rerank`)
          return { status: 404, message: `no ${request.method} ${request.url}` }
        const parsed = requests[wire].safeParse(body)
        return parsed.success ? undefined : { status: 400, message: issueText(parsed.error.issues[0]) }
      },
      answer: (reply, served, response) => answer(reply, served, { response, wire, isLogit }),
      sendRefusal: ({ status, message }, response) => sendError(response, wire, { status, message }),
    },
    { kind: 'text', chunks: [] },
  )
}

type Answering = { response: ServerResponse; wire: RerankServerOptions['wire']; isLogit: boolean }

/** The scripted `text` is a whole answer, with its chunks in place of a ranking where there are any; all other replies fail. */
async function answer(reply: Reply, served: ServedRequest, { response, wire, isLogit }: Answering): Promise<void> {
  if (reply.kind === 'error') {
    const { status, message = `status ${status}`, headers } = reply
    return sendError(response, wire, { status, message, headers })
  }
  if (reply.kind === 'stall') return
  if (reply.kind !== 'text') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '10000' })
    response.write('{"results":[')
    setImmediate(() => response.destroy())
    return
  }
  if (reply.chunks.length > 0) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(reply.chunks.join(''))
    return
  }
  const { query, documents, model } = requests[wire].parse(served.body)
  const results = documents
    .map((text, index) => ({ index, relevance_score: isLogit ? 8 * shareOf(query, text) - 4 : shareOf(query, text) }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score)
  const usage = { total_tokens: 10 * documents.length }
  if (wire === 'cohere') sendJson(response, { id: 'r_1', results, meta: { billed_units: { search_units: 1 } } })
  else if (wire === 'voyage') sendJson(response, { object: 'list', data: results, model, usage })
  else sendJson(response, { model, results, usage })
}

function shareOf(query: string, text: string): number {
  const words = query.toLowerCase().split(/\W+/).filter(Boolean)
  const held = new Set(text.toLowerCase().split(/\W+/))
  return words.filter((word) => held.has(word)).length / Math.max(1, words.length)
}

type ErrorAnswer = { status: number; message: string; headers?: Record<string, string> | undefined }

function sendError(response: ServerResponse, wire: RerankServerOptions['wire'], { status, message, headers }: ErrorAnswer): void {
  sendJson(response, wire === 'cohere' ? { message } : { detail: message }, { status, headers })
}
