import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

/** What the upstream itself counted of a call. `isWhole`: its usage was sent. */
export interface CountedCall {
  inputTokens: number
  outputTokens: number
  isWhole: boolean
  isRefused: boolean
}

export interface CountingUpstream {
  url: string
  /** By the request's field `user`; a list, so that a call made twice would show. */
  counted: Map<string, CountedCall[]>
  stop(): Promise<void>
}

const Body = z.looseObject({
  user: z.string(),
  stream: z.boolean().optional(),
  messages: z.array(z.looseObject({ content: z.string() })),
})

const pieceMs = 2

/** A server of OpenAI's wire that counts: a token a character asked, a token a piece answered. One call in ten is refused. */
export async function startCountingUpstream(): Promise<CountingUpstream> {
  const counted: CountingUpstream['counted'] = new Map()
  const server = createServer((request, response) => {
    void answer(request, response, counted).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the upstream has no port')
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    counted,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, counted: CountingUpstream['counted']): Promise<void> {
  let text = ''
  for await (const bytes of request) text += String(bytes)
  const { user, stream, messages } = Body.parse(JSON.parse(text))
  const n = Number(user.replace(/\D/g, ''))
  const inputTokens = messages.reduce((sum, { content }) => sum + content.length, 0)
  const call: CountedCall = { inputTokens, outputTokens: 1 + (n % 13), isWhole: false, isRefused: n % 10 === 3 }
  counted.set(user, [...(counted.get(user) ?? []), call])
  if (call.isRefused) {
    response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"not now"}}')
    return
  }
  const usage = { prompt_tokens: inputTokens, completion_tokens: call.outputTokens }
  const head = { id: `chatcmpl-${user}`, created: 1, model: 'test-model' }
  if (stream !== true) {
    const choices = [
      { index: 0, message: { role: 'assistant', content: 'tok '.repeat(call.outputTokens) }, finish_reason: 'stop' },
    ]
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }))
  } else {
    response.setHeader('content-type', 'text/event-stream')
    const send = (more: object) =>
      response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', usage: null, ...more })}\n\n`)
    for (let piece = 0; piece < call.outputTokens && !response.destroyed; piece += 1) {
      send({ choices: [{ index: 0, delta: { content: 'tok ' }, finish_reason: null }] })
      await sleep(pieceMs)
    }
    send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
    send({ choices: [], usage })
    response.end('data: [DONE]\n\n')
  }
  call.isWhole = true
}
