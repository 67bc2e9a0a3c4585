import { text } from 'node:stream/consumers'
import { request } from 'undici'

/** Asks `weft/auto` one question, streamed, and waits for the whole answer. */
export async function askOnce({ url, apiKey }: { url: string; apiKey: string }): Promise<void> {
  const response = await request(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model: 'weft/auto', stream: true, messages: [{ role: 'user', content: 'When did it begin?' }] }),
  })
  const answer = await text(response.body)
  if (!answer.includes('[DONE]')) throw new Error(`no answer: ${response.statusCode} ${answer.slice(0, 500)}`)
}
