import { isRecord } from '@weft/contracts'
import type { OpenAI } from 'openai'
import type { Stream } from 'openai/streaming'
import type { ProviderEvent } from '../model-event.ts'
import type { ModelProvider, ProviderCall, ProviderConnection } from '../provider.ts'
import { explainSdkError } from '../upstream/explain-sdk-error.ts'
import { unfinishedStream } from '../upstream/explain-upstream-error.ts'
import { boundedFetch } from '../upstream/upstream-bounds.ts'
import { chatBody } from './chat-body.ts'
import { readChatChunk } from './chat-chunk.ts'
import { connectOpenAi } from './connect-openai.ts'
import { createChunkMender } from './mend-chunk.ts'

/** Streams one answer on one of OpenAI's wires. */
export type AnswerStream = (
  client: Promise<OpenAI>,
  connection: ProviderConnection,
  call: ProviderCall,
) => AsyncGenerator<ProviderEvent>

/** Speaks to any server with one of OpenAI's wires, through the `openai` SDK. Makes one attempt: retrying is up to the caller. */
export function createOpenAiProvider(connection: ProviderConnection, stream: AnswerStream): ModelProvider {
  const client = connectOpenAi({
    ...connection,
    timeoutMs: connection.timeouts.wholeAnswerMs,
    fetch: boundedFetch(connection.id),
  })
  return {
    id: connection.id,
    stream: (call) => stream(client, connection, call),
    async listModelNames(signal) {
      try {
        const page = await (await client).models.list({ signal: signal ?? null })
        return page.data.map((model) => model.id)
      } catch (thrown) {
        throw explainSdkError(thrown, connection)
      }
    },
  }
}

/** Streams an answer on the wire of chat completions. */
export async function* streamChat(
  client: Promise<OpenAI>,
  connection: ProviderConnection,
  call: ProviderCall,
): AsyncGenerator<ProviderEvent> {
  const body = chatBody(call, connection)
  const mend = createChunkMender()
  let hasFinished = false
  try {
    const chunks = await (await client).post<Stream<unknown>>('/chat/completions', { body, stream: true, signal: call.signal })
    for await (const chunk of chunks) {
      if (isRecord(chunk)) mend(chunk)
      for (const event of readChatChunk(chunk, connection.id)) {
        if (event.type === 'finish') hasFinished = true
        yield event
      }
    }
  } catch (thrown) {
    throw explainSdkError(thrown, connection)
  }
  if (!hasFinished && !call.signal.aborted) throw unfinishedStream(connection.id)
}
