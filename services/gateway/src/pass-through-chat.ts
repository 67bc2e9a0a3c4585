import type { ChatCompletionRequest } from '@weft/contracts'
import type { Models } from '@weft/models'
import type { Response } from 'express'
import { foreseen } from './answer-errors.ts'
import { failStream } from './answer-turn.ts'
import type { OpenAnswer } from './open-streams.ts'
import { createSseStream } from './sse-stream.ts'

/** Sends a chat request to one model and its answer back as it comes. The client hanging up aborts the call upstream. */
export async function passThroughChat(
  models: Pick<Models, 'passThrough'>,
  { chat, response, open }: { chat: ChatCompletionRequest; response: Response; open: OpenAnswer },
): Promise<void> {
  const { weft: _own, ...body } = chat
  try {
    const answer = await models.passThrough(body, { signal: open.signal })
    if (answer.kind === 'body') {
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.end(answer.body)
    } else {
      await relayStream(answer.chunks, response, open)
    }
  } catch (thrown) {
    if (open.hasReaderLeft()) return
    throw open.endReason() ?? foreseen(thrown)
  }
}

async function relayStream(chunks: AsyncGenerator<string>, response: Response, open: OpenAnswer): Promise<void> {
  const sse = createSseStream(response)
  try {
    for await (const chunk of chunks) {
      await sse.relay(chunk)
      if (response.destroyed) break
    }
    sse.end()
  } catch (thrown) {
    failStream(sse, response, open.endReason() ?? foreseen(thrown))
  }
}
