import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { type ModelServer, type Refusal, type Reply, type ServedRequest, sendJson, startModelServer } from './model-server.ts'
import { issueText } from './openai-server.ts'

export type EmbeddingServerOptions = {
  wire: 'openai' | 'voyage'
  /** The only key it takes; default `test-key`. */
  apiKey?: string
  /** How long its vectors are; default 4. */
  dimensions?: number
  /** As servers do that do not know base64. */
  isFloatOnly?: boolean
  /** What one text may hold; a longer one is refused in OpenAI's words. Default: without limit. */
  textBytesMax?: number
}

export type EmbeddingServer = ModelServer & {
  /** From now on its vectors have another length. */
  answerDimensions(dimensions: number): void
}

const texts = (most: number) => z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(most)])
const tokens = z.array(z.int().nonnegative()).min(1)
const model = z.string().min(1)

/** Requests as the providers' own APIs accept them: an unknown field is an error. */
const requests = {
  openai: z.strictObject({
    model,
    input: z.union([texts(2_048), tokens, z.array(tokens).min(1).max(2_048)]),
    encoding_format: z.enum(['float', 'base64']).optional(),
    dimensions: z.int().positive().optional(),
    user: z.string().optional(),
  }),
  voyage: z.strictObject({
    model,
    input: texts(1_000),
    input_type: z.enum(['query', 'document']).nullish(),
    truncation: z.boolean().optional(),
    output_dimension: z.int().positive().nullish(),
    output_dtype: z.enum(['float', 'int8', 'uint8', 'binary', 'ubinary']).optional(),
    encoding_format: z.literal('base64').nullish(),
  }),
}

/** A strict local server of OpenAI's or Voyage's embeddings. A text's vector begins with its length in letters, and is not of length one. */
export async function startEmbeddingServer(options: EmbeddingServerOptions): Promise<EmbeddingServer> {
  const { wire, apiKey = 'test-key', isFloatOnly = false, textBytesMax = Number.POSITIVE_INFINITY } = options
  let { dimensions = 4 } = options
  const server = await startModelServer(
    {
      basePath: '/v1',
      answerGet: () => false,
      check: (request, body) => {
        if (request.headers.authorization !== `Bearer ${apiKey}`)
          return { status: 401, message: `wrong key ${request.headers.authorization}`, code: 'invalid_api_key' }
        if (request.method !== 'POST' || request.url !== '/v1/embeddings')
          return { status: 404, message: `Unknown request URL: ${request.method} ${request.url}` }
        return checkBody(body, wire, textBytesMax)
      },
      answer: (reply, served, response) => answer(reply, served, { response, dimensions, isFloatOnly, wire }),
      sendRefusal: ({ status, message, code }, response) => sendError(response, wire, { status, message, code }),
    },
    { kind: 'text', chunks: [] },
  )
  return {
    ...server,
    answerDimensions(asked) {
      dimensions = asked
    },
  }
}

function checkBody(body: unknown, wire: EmbeddingServerOptions['wire'], textBytesMax: number): Refusal | undefined {
  const parsed = requests[wire].safeParse(body)
  if (!parsed.success) return { status: 400, message: `Invalid value: ${issueText(parsed.error.issues[0])}` }
  const bytes = inputOf(parsed.data).map((text) => Buffer.byteLength(text))
  if (bytes.some((each) => each > textBytesMax))
    return { status: 400, message: `This model's maximum context length is ${textBytesMax} tokens` }
  return undefined
}

/** A token counts as a letter. */
function inputOf({ input }: { input: string | number[] | (string | number[])[] }): string[] {
  if (typeof input === 'string') return [input]
  const isOne = input.every((each) => typeof each === 'number')
  return isOne
    ? ['t'.repeat(input.length)]
    : input.map((each) => (typeof each === 'object' ? 't'.repeat(each.length) : String(each)))
}

type Answering = { response: ServerResponse; dimensions: number; isFloatOnly: boolean; wire: EmbeddingServerOptions['wire'] }

/** The scripted `text` is a whole answer, after its delay; all other replies fail. */
async function answer(reply: Reply, served: ServedRequest, { response, dimensions, isFloatOnly, wire }: Answering) {
  if (reply.kind === 'error') {
    const { status, code, message = `status ${status}`, headers } = reply
    return sendError(response, wire, { status, message, code, headers })
  }
  if (reply.kind === 'stall') return
  if (reply.kind !== 'text') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '10000' })
    response.write('{"data":[')
    setImmediate(() => response.destroy())
    return
  }
  if (reply.delayMs !== undefined) await sleep(reply.delayMs)
  const { input, encoding_format: format } = requests[wire].parse(served.body)
  const vectors = inputOf({ input }).map((text) =>
    Float32Array.from({ length: dimensions }, (_, at) => (at === 0 ? text.length : at)),
  )
  const isBase64 = format === 'base64' && !isFloatOnly
  const data = vectors.map((vector, index) => {
    const embedding = isBase64 ? Buffer.from(vector.buffer).toString('base64') : [...vector]
    return { object: 'embedding', index, embedding }
  })
  // The order is nowhere promised: `index` is.
  sendJson(response, {
    object: 'list',
    data: data.toReversed(),
    model: served.body.model,
    usage: { total_tokens: 3 * vectors.length },
  })
}

type ErrorAnswer = { status: number; message: string; code?: string | undefined; headers?: Record<string, string> | undefined }

function sendError(
  response: ServerResponse,
  wire: EmbeddingServerOptions['wire'],
  { status, message, code, headers }: ErrorAnswer,
) {
  const body = wire === 'voyage' ? { detail: message } : { error: { message, type: 'error', param: null, code: code ?? null } }
  sendJson(response, body, { status, headers })
}
