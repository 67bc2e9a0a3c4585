import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { prices, shaky } from './plan-day.ts'

/** What the provider itself has counted of one request. `unfinished`: it sent less than its whole answer, and no usage. */
export interface BilledCall {
  /** The request's `user`. */
  id: string
  model: string
  inputTokens: number
  outputTokens: number
  fate: 'whole' | 'refused' | 'unfinished'
}

export interface BillingUpstream {
  billed: BilledCall[]
  stop(): Promise<void>
}

/** Requests say in `metadata` what is to become of them. */
const Asked = z.looseObject({
  model: z.string(),
  user: z.string(),
  stream: z.boolean().optional(),
  max_tokens: z.number().optional(),
  metadata: z.object({ tokens: z.coerce.number(), fate: z.enum(['whole', 'refused', 'cut']) }).optional(),
  messages: z.array(z.object({ content: z.string() })).optional(),
  input: z.array(z.string()).optional(),
})
type Asked = z.infer<typeof Asked>

const piecesMax = 12
const pieceMs = 4

/** A provider of OpenAI's wire that keeps its own bill: a token for four letters asked, as many answered as the request wishes and allows. */
export async function startBillingUpstream(port: number): Promise<BillingUpstream> {
  const billed: BilledCall[] = []
  const server = createServer((request, response) => {
    void serve(request, response, billed).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    billed,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function serve(request: IncomingMessage, response: ServerResponse, billed: BilledCall[]): Promise<void> {
  if (request.method === 'GET') {
    // A gateway asks for the list once a minute, and other tests look for theirs.
    const names = ['test-model', ...Object.keys(prices).map((id) => id.replace('openai/', ''))]
    const data = names.map((id) => ({ id, object: 'model' }))
    return sendJson(response, 200, { object: 'list', data })
  }
  const asked = Asked.parse(JSON.parse(await text(request)))
  const letters = (asked.input ?? asked.messages?.map(({ content }) => content) ?? []).join('')
  const call: BilledCall = {
    id: asked.user,
    model: `openai/${asked.model}`,
    inputTokens: Math.ceil(letters.length / 4),
    outputTokens: 0,
    fate: 'unfinished',
  }
  billed.push(call)
  await answer(asked, call, response)
}

async function answer(asked: Asked, call: BilledCall, response: ServerResponse): Promise<void> {
  const { metadata, model } = asked
  const head = { id: `chatcmpl-${call.id}`, created: 1_700_000_000, model }
  if (metadata?.fate === 'refused') {
    call.fate = 'refused'
    return sendJson(response, 400, {
      error: { message: 'no such option', type: 'invalid_request_error', param: null, code: null },
    })
  }
  const tokens = metadata === undefined ? 0 : Math.min(metadata.tokens, asked.max_tokens ?? metadata.tokens)
  const usage = { prompt_tokens: call.inputTokens, completion_tokens: tokens, total_tokens: call.inputTokens + tokens }
  if (asked.input !== undefined) {
    await sendJson(response, 200, { object: 'list', model, data: [{ object: 'embedding', index: 0, embedding: [1, 0] }], usage })
  } else if (asked.stream === true) {
    if (!(await stream(asked, { call, tokens, head, usage, response }))) return
  } else {
    await sleep(5 * pieceMs)
    const message = { role: 'assistant', content: 'word '.repeat(tokens) }
    await sendJson(response, 200, {
      ...head,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    })
  }
  call.outputTokens = tokens
  call.fate = 'whole'
}

interface Streamed {
  call: BilledCall
  tokens: number
  head: object
  usage: object
  response: ServerResponse
}

/** Answers whether all of it went out. */
async function stream({ metadata }: Asked, { call, tokens, head, usage, response }: Streamed): Promise<boolean> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (more: object) =>
    response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', usage: null, ...more })}\n\n`)
  const pieceTokens = Math.ceil(tokens / piecesMax)
  for (; call.outputTokens < tokens; call.outputTokens += pieceTokens) {
    if (response.destroyed) return false
    if (metadata?.fate === 'cut' && call.model === shaky && call.outputTokens > 0) {
      response.destroy()
      return false
    }
    send({ choices: [{ index: 0, delta: { content: 'word '.repeat(pieceTokens) }, finish_reason: null }] })
    await sleep(pieceMs)
  }
  if (response.destroyed) return false
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
  send({ choices: [], usage })
  response.end('data: [DONE]\n\n')
  return true
}

async function sendJson(response: ServerResponse, status: number, body: object): Promise<void> {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
