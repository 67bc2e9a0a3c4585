import { parseJson, SessionEvent } from '@weft/contracts'
import type OpenAI from 'openai'
import { z } from 'zod'

/** The events of a session from its stream, without the texts of steps. Ends when the stream does. */
export async function* readEvents(client: OpenAI, sessionId: string, afterSeq: number): AsyncGenerator<SessionEvent, void> {
  const path = `/sessions/${encodeURIComponent(sessionId)}/events`
  const response = await client.get(path, { query: { after: afterSeq } }).asResponse()
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of response.body ?? []) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = eventOf(block)
      if (event !== undefined) yield event
    }
  }
}

function eventOf(block: string): SessionEvent | undefined {
  const data = block.split('\n').find((line) => line.startsWith('data: '))
  if (data === undefined) return undefined
  const value = parseJson(z.unknown(), data.slice('data: '.length), 'an event')
  return SessionEvent.safeParse(value).data
}
