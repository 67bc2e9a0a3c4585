import OpenAI, { APIConnectionError, APIError } from 'openai'
import type { Stream } from 'openai/streaming'
import { explainConnectionError, explainUpstreamError } from '../explain-upstream-error.ts'
import { ModelError } from '../model-error.ts'
import type { ProviderEvent } from '../model-event.ts'
import type { ModelProvider, ProviderCall, ProviderConnection } from '../provider.ts'
import { readChatChunk } from './chat-chunk.ts'
import { chatBody } from './chat-body.ts'

/** Any server that speaks OpenAI's chat completions, through the `openai` SDK. One attempt: retries are the caller's. */
export function createOpenAiProvider(connection: ProviderConnection): ModelProvider {
  const client = new OpenAI({
    apiKey: connection.apiKey ?? 'none',
    baseURL: connection.baseUrl,
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: 'off',
    timeout: connection.timeouts.wholeAnswerMs,
  })
  return {
    id: connection.id,
    stream: (call) => streamChat(client, connection, call),
    async listModelNames(signal) {
      try {
        const page = await client.models.list({ signal: signal ?? null })
        return page.data.map((model) => model.id)
      } catch (thrown) {
        throw explainThrown(thrown, connection)
      }
    },
  }
}

async function* streamChat(client: OpenAI, connection: ProviderConnection, call: ProviderCall): AsyncGenerator<ProviderEvent> {
  const body = chatBody(call, connection)
  let hasFinished = false
  try {
    const chunks = await client.post<Stream<unknown>>('/chat/completions', { body, stream: true, signal: call.signal })
    for await (const chunk of chunks) {
      for (const event of readChatChunk(chunk, connection.id)) {
        if (event.type === 'finish') hasFinished = true
        yield event
      }
    }
  } catch (thrown) {
    throw explainThrown(thrown, connection)
  }
  if (!hasFinished && !call.signal.aborted) {
    throw new ModelError('upstream_error', `${connection.id} ended the stream before the answer was finished`, {
      isRetryable: true,
    })
  }
}

function explainThrown(thrown: unknown, connection: ProviderConnection): ModelError {
  if (thrown instanceof ModelError) return thrown
  if (thrown instanceof APIConnectionError || !(thrown instanceof APIError)) {
    return explainConnectionError(connection.id, connection.baseUrl, thrown)
  }
  const { status, error, headers } = thrown
  return explainUpstreamError({
    provider: connection.id,
    keyVariable: connection.keyVariable,
    status,
    error,
    headers,
    cause: thrown,
  })
}
