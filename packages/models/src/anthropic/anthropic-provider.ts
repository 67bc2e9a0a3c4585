import type { Anthropic } from '@anthropic-ai/sdk'
import type { Stream } from '@anthropic-ai/sdk/streaming'
import type { ProviderEvent } from '../model-event.ts'
import type { ModelProvider, ProviderCall, ProviderConnection } from '../provider.ts'
import { explainSdkError } from '../upstream/explain-sdk-error.ts'
import { unfinishedStream } from '../upstream/explain-upstream-error.ts'
import { boundedFetch } from '../upstream/upstream-bounds.ts'
import { createMessageReader } from './message-events.ts'
import { messagesBody } from './messages-body.ts'

/** Speaks Anthropic's own wire, Messages, through its SDK. Makes one attempt: retrying is up to the caller. */
export function createAnthropicProvider(connection: ProviderConnection): ModelProvider {
  const client = connect(connection)
  return {
    id: connection.id,
    stream: (call) => streamMessages(client, connection, call),
    async listModelNames(signal) {
      try {
        const page = await (await client).models.list({ limit: 1_000 }, { signal: signal ?? null })
        return page.data.map((model) => model.id)
      } catch (thrown) {
        throw explainSdkError(thrown, connection)
      }
    },
  }
}

/** The SDK takes tens of megabytes, so it is loaded only where this provider is set up. */
async function connect(connection: ProviderConnection): Promise<Anthropic> {
  const { Anthropic } = await import('@anthropic-ai/sdk')
  return new Anthropic({
    apiKey: connection.apiKey ?? 'none',
    authToken: null,
    baseURL: connection.baseUrl,
    webhookKey: null,
    maxRetries: 0,
    logLevel: 'off',
    openTelemetry: false,
    timeout: connection.timeouts.wholeAnswerMs,
    fetch: boundedFetch(connection.id),
  })
}

async function* streamMessages(
  client: Promise<Anthropic>,
  connection: ProviderConnection,
  call: ProviderCall,
): AsyncGenerator<ProviderEvent> {
  const body = messagesBody(call)
  const read = createMessageReader()
  let hasFinished = false
  try {
    const events = await (await client).post<Stream<unknown>>('/v1/messages', { body, stream: true, signal: call.signal })
    for await (const value of events) {
      for (const event of read(value)) {
        if (event.type === 'finish') hasFinished = true
        yield event
      }
    }
  } catch (thrown) {
    throw explainSdkError(thrown, connection)
  }
  if (!hasFinished && !call.signal.aborted) throw unfinishedStream(connection.id)
}
