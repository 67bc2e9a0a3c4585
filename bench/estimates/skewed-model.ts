import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

const Request = z.looseObject({ model: z.string(), messages: z.array(z.unknown()), stream: z.literal(true) })

export interface SkewedModel {
  url: string
  stop(): void
}

/**
 * A model of OpenAI's wire whose answers are as long as answers are: the logarithm of their tokens is normal (median 180, sigma 0.9), and every tenth thinks
 * four times as long. The question counts a token for four characters, give or take. The same seed gives the same lengths.
 */
export async function startSkewedModel(seed: number): Promise<SkewedModel> {
  const random = uniform(seed)
  const server = createServer(async (request, response) => {
    if (request.method === 'GET')
      return void response.end(JSON.stringify({ object: 'list', data: [{ id: 'gpt-6-luna', object: 'model' }] }))
    const body = await text(request)
    const { model } = Request.parse(JSON.parse(body))
    const output = Math.max(5, Math.round(180 * Math.exp(0.9 * normal(random)) * (random() < 0.1 ? 4 : 1)))
    const input = Math.round((body.length / 4) * (0.8 + 0.4 * random()))
    const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const send = (choices: object[], more: object = {}) => {
      const chunk = { id: 'chatcmpl-skewed', object: 'chat.completion.chunk', created: 1_700_000_000, model, choices, ...more }
      response.write(`data: ${JSON.stringify(chunk)}\n\n`)
    }
    send([{ index: 0, delta: { role: 'assistant', content: 'Herons stand in shallow water. [1]' }, finish_reason: null }])
    send([{ index: 0, delta: {}, finish_reason: 'stop' }])
    send([], { usage })
    response.end('data: [DONE]\n\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${portOf(server)}/v1`, stop: () => void server.close() }
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

/** The generator of Lehmer with the multiplier of Park and Miller (CACM 1988). */
function uniform(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 16_807) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Box and Muller (1958). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
}
