import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { z } from 'zod'

/**
 * `main.ts <tokens a second> <seconds>`: a model of OpenAI's wire whose tokens are the times they were sent at (milliseconds since 1970),
 * by a schedule that a late timer does not shift. Prints its base URL; ends with whoever started it.
 */
const [tokensPerSecond, seconds] = z
  .tuple([z.coerce.number().positive(), z.coerce.number().positive()])
  .parse(process.argv.slice(2))
const Request = z.looseObject({
  model: z.string(),
  messages: z.array(z.unknown()).min(1),
  stream: z.literal(true),
  stream_options: z.object({ include_usage: z.boolean() }).optional(),
})

const server = createServer(async (request, response) => {
  if (request.method === 'GET')
    return void response.end(JSON.stringify({ object: 'list', data: [{ id: 'paced', object: 'model' }] }))
  const body = Request.parse(JSON.parse(await text(request)))
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  speak(response, body)
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1`)
})
process.stdin.resume().on('end', () => process.exit(0))

function speak(response: ServerResponse, { model, stream_options }: z.infer<typeof Request>): void {
  const total = Math.round(tokensPerSecond * seconds)
  const startMs = now()
  let sent = 0
  const send = (choices: object[], more: object = {}) => {
    const chunk = { id: 'chatcmpl-paced', object: 'chat.completion.chunk', created: 1_700_000_000, model, choices, ...more }
    response.write(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  const delta = (value: object, reason: string | null = null) => send([{ index: 0, delta: value, finish_reason: reason }])
  delta({ role: 'assistant', content: '' })
  const step = () => {
    if (response.destroyed) return
    for (; sent < total && now() >= startMs + (sent * 1_000) / tokensPerSecond; sent += 1)
      delta({ content: `${now().toFixed(1)} ` })
    if (sent < total) return void setTimeout(step, Math.max(0, startMs + (sent * 1_000) / tokensPerSecond - now()))
    delta({}, 'stop')
    const usage = { prompt_tokens: 10, completion_tokens: total, total_tokens: total + 10 }
    if (stream_options?.include_usage === true) send([], { usage })
    response.end('data: [DONE]\n\n')
  }
  step()
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
