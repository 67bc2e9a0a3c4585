import Anthropic, { APIConnectionError, APIError } from '@anthropic-ai/sdk'
import type { Stream } from '@anthropic-ai/sdk/streaming'
import { explainConnectionError, explainUpstreamError } from '../explain-upstream-error.ts'
import { ModelError } from '../model-error.ts'
import type { ProviderEvent } from '../model-event.ts'
import type { ModelProvider, ProviderCall, ProviderConnection } from '../provider.ts'
import { createMessageReader } from './message-events.ts'
import { messagesBody } from './messages-body.ts'

/** Anthropic's native Messages wire through its SDK. One attempt: retries are the caller's. */
export function createAnthropicProvider(connection: ProviderConnection): ModelProvider {
  const client = new Anthropic({
    apiKey: connection.apiKey ?? 'none',
    authToken: null,
    baseURL: connection.baseUrl,
    webhookKey: null,
    maxRetries: 0,
    logLevel: 'off',
    openTelemetry: false,
    timeout: connection.timeouts.wholeAnswerMs,
  })
  return {
    id: connection.id,
    stream: (call) => streamMessages(client, connection, call),
    async listModelNames(signal) {
      try {
        const page = await client.models.list({ limit: 1_000 }, { signal: signal ?? null })
        return page.data.map((model) => model.id)
      } catch (thrown) {
        throw explainThrown(thrown, connection)
      }
    },
  }
}

async function* streamMessages(
  client: Anthropic,
  connection: ProviderConnection,
  call: ProviderCall,
): AsyncGenerator<ProviderEvent> {
  const body = messagesBody(call)
  const read = createMessageReader()
  let hasFinished = false
  try {
    const events = await client.post<Stream<unknown>>('/v1/messages', { body, stream: true, signal: call.signal })
    for await (const value of events) {
      for (const event of read(value)) {
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
