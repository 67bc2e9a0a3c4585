import type { Dispatcher } from 'undici'
import type { AnswerFacts } from '../attempt/answer-facts.ts'
import type { CallGuard } from '../attempt/call-guard.ts'
import { ModelError } from '../model-error.ts'
import type { ProviderConnection } from '../provider.ts'
import { explainConnectionError, explainUpstreamError } from '../upstream/explain-upstream-error.ts'
import { decodeUtf8, tooLarge, wholeBytesMax } from '../upstream/upstream-bounds.ts'
import { postUpstream, type UpstreamAnswer } from './post-upstream.ts'
import { beginRelay, type RelayedEvents, type StreamEnding } from './relay-stream.ts'
import { readWholeChat } from './whole-chat.ts'

export interface RelayCall {
  connection: ProviderConnection
  dispatcher: Dispatcher
  /** The client's body, as {@link relayedText} made it. */
  text: string
  isStreamed: boolean
  /** Whether the client itself asked for the usage of a stream. */
  asksForUsage: boolean
  /** The id by which the client knows the model. It replaces the provider's. */
  publicId: string
  guard: CallGuard
  facts: AnswerFacts
  /** How the end of a stream is handled. */
  ending: StreamEnding
}

/**
 * Passes a chat completion through with as little work as possible: without an SDK, and parsing only where usage is read. Throws errors that are known before the
 * first content; a stream that breaks later throws from its events.
 */
export async function relayChat(call: RelayCall): Promise<string | RelayedEvents> {
  const { isStreamed, publicId, facts, guard, asksForUsage: keepsUsage } = call
  const provider = call.connection.id
  const answer = await send(call)
  if (answer.status >= 400) throw await explainRefusal(call, answer)
  if (!isStreamed) return readWholeChat(await readText(call, answer), { publicId, provider, facts })
  await refuseOtherTypes(call, answer)
  const ending = { ...call.ending, failed: (thrown: unknown) => call.ending.failed(whyBroken(call, thrown)) }
  return beginRelay({ provider, publicId, keepsUsage, facts, guard, ending }, answer)
}

/** The body as it is sent upstream: with the provider's names for the model and for the limit, and asking for usage where the provider needs to be asked. */
export function relayedText(
  { weft: _, max_tokens: older, max_completion_tokens: newer, ...rest }: Record<string, unknown>,
  { connection, modelName }: { connection: ProviderConnection; modelName: string },
): string {
  const limit = newer ?? older
  const body = limit == null ? rest : { ...rest, [connection.maxTokensField]: limit }
  const { include_usage: __, ...otherOptions } = streamOptions(body)
  if (connection.streamUsage === 'always')
    return JSON.stringify({ ...body, model: modelName, stream_options: emptyAsUndefined(otherOptions) })
  if (body.stream !== true) return JSON.stringify({ ...body, model: modelName })
  return JSON.stringify({ ...body, model: modelName, stream_options: { ...otherOptions, include_usage: true } })
}

async function send({ connection, dispatcher, text, isStreamed, guard }: RelayCall): Promise<UpstreamAnswer> {
  try {
    return await postUpstream({
      ...addressOf(connection),
      dispatcher,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${connection.apiKey ?? 'none'}`,
        accept: isStreamed ? 'text/event-stream' : 'application/json',
      },
      body: text,
      signal: guard.signal,
    })
  } catch (thrown) {
    throw guard.reason() ?? explainConnectionError(connection.id, connection.baseUrl, thrown)
  }
}

const addresses = new WeakMap<ProviderConnection, { origin: string; path: string }>()

function addressOf(connection: ProviderConnection): { origin: string; path: string } {
  const known = addresses.get(connection)
  if (known !== undefined) return known
  const url = new URL(`${connection.baseUrl.replace(/\/$/, '')}/chat/completions`)
  const address = { origin: url.origin, path: url.pathname + url.search }
  addresses.set(connection, address)
  return address
}

function streamOptions(body: Record<string, unknown>): Record<string, unknown> {
  const options = body.stream_options
  return typeof options === 'object' && options !== null ? { ...options } : {}
}

function emptyAsUndefined(options: Record<string, unknown>): Record<string, unknown> | undefined {
  return Object.keys(options).length === 0 ? undefined : options
}

async function readText(call: RelayCall, answer: UpstreamAnswer): Promise<string> {
  const { id } = call.connection
  try {
    return decodeUtf8(await answer.bytes(wholeBytesMax, () => tooLarge(id, 'an answer', wholeBytesMax)), id)
  } catch (thrown) {
    throw whyBroken(call, thrown)
  }
}

function whyBroken({ guard, connection }: RelayCall, thrown: unknown): ModelError {
  if (thrown instanceof ModelError) return guard.reason() ?? thrown
  return guard.reason() ?? explainConnectionError(connection.id, connection.baseUrl, thrown)
}

/** Throws when the content type says that this is no stream, with the error that the body tells. Any other type is taken for a stream. */
async function refuseOtherTypes(call: RelayCall, answer: UpstreamAnswer): Promise<void> {
  const type = single(answer.headers['content-type']) ?? ''
  if (!/json|html/i.test(type)) return
  const { connection } = call
  const error = errorOf((await readText(call, answer)).slice(0, errorBodyCharsMax))
  if (typeof error === 'object' && error !== null && 'error' in error && error.error != null)
    throw explainUpstreamError({ provider: connection.id, error: error.error })
  throw new ModelError('upstream_error', `${connection.id} answered with ${type.slice(0, 100)} instead of a stream`, {
    isRetryable: true,
  })
}

/** How much of an error page is looked at, since it may be anything. */
const errorBodyCharsMax = 65_536

async function explainRefusal(call: RelayCall, answer: UpstreamAnswer): Promise<ModelError> {
  const { connection } = call
  const body = (await readText(call, answer)).slice(0, errorBodyCharsMax)
  const headers = { get: (name: string) => single(answer.headers[name]) }
  return explainUpstreamError({
    provider: connection.id,
    keyVariable: connection.keyVariable,
    status: answer.status,
    error: errorOf(body),
    headers,
  })
}

function single(value: string | string[] | undefined): string | null {
  return (Array.isArray(value) ? value[0] : value) ?? null
}

function errorOf(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body)
    return parsed
  } catch {
    return body.startsWith('<') ? undefined : body
  }
}
