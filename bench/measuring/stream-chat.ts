import type { Dispatcher } from 'undici'
import { z } from 'zod'

/** Where to send a chat request, and as whom. */
export interface ChatTarget {
  /** One with keep-alive; the connection is opened before anything is timed. */
  dispatcher: Dispatcher
  path: string
  headers: Record<string, string>
  model: string
}

const Chunk = z.looseObject({
  choices: z.array(z.looseObject({ delta: z.looseObject({ content: z.string().nullish() }).optional() })).default([]),
})

/**
 * Sends one streaming chat request and reads it to its end; `onContent` gets every piece of the answer as it comes, with the milliseconds
 * since the request was sent. Throws unless the stream ends with `[DONE]`.
 */
export async function streamChat(target: ChatTarget, onContent: (text: string, afterMs: number) => void): Promise<void> {
  const startMs = performance.now()
  const response = await send(target, true)
  const decoder = new TextDecoder()
  let pending = ''
  let isDone = false
  for await (const bytes of response.body) {
    const afterMs = performance.now() - startMs
    pending += decoder.decode(bytes, { stream: true })
    const lines = pending.split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('data: [DONE]')) isDone = true
      else if (line.startsWith('data: ')) onContent(contentOf(line.slice(6)), afterMs)
    }
  }
  if (!isDone) throw new Error(`${target.model}: the stream ended early`)
}

/** Milliseconds from sending a request to the first piece of its answer's text. */
export async function timeFirstToken(target: ChatTarget): Promise<number> {
  let firstMs = Number.NaN
  await streamChat(target, (text, afterMs) => {
    if (text !== '' && Number.isNaN(firstMs)) firstMs = afterMs
  })
  if (Number.isNaN(firstMs)) throw new Error(`${target.model}: the answer has no text`)
  return firstMs
}

/** Milliseconds from sending a request to the end of its answer, not streamed. */
export async function timeWholeAnswer(target: ChatTarget): Promise<number> {
  const startMs = performance.now()
  const response = await send(target, false)
  const text = await response.body.text()
  if (!text.includes('"content":"')) throw new Error(`${target.model}: the answer has no text`)
  return performance.now() - startMs
}

async function send({ dispatcher, path, headers, model }: ChatTarget, stream: boolean): Promise<Dispatcher.ResponseData> {
  const response = await dispatcher.request({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Until when did trams run here?' }] }),
  })
  if (response.statusCode !== 200) throw new Error(`${model}: ${response.statusCode} ${await response.body.text()}`)
  return response
}

function contentOf(data: string): string {
  const chunk = Chunk.parse(JSON.parse(data))
  return chunk.choices[0]?.delta?.content ?? ''
}
