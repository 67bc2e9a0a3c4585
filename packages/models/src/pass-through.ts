import type { Dispatcher } from 'undici'
import type { AttemptCall } from './attempt/attempt-call.ts'
import { contentOfBody } from './attempt/call-content.ts'
import type { CallControls } from './attempt/call-controls.ts'
import { type ModelTimeouts, type Patience, patienceWith } from './attempt/call-guard.ts'
import { type Attempt, openAttempt } from './attempt/open-attempt.ts'
import { collectAnswer } from './complete-model.ts'
import { ModelError } from './model-error.ts'
import type { ModelEvent, ModelUsage } from './model-event.ts'
import { type ModelRequest, messagesFromBody, requestFromChat } from './model-request.ts'
import { newChatIdentity, toChatBody, toChatStream } from './openai/chat-wire.ts'
import { relayChat, relayedText } from './openai/relay-chat.ts'
import type { RelayedEvents, StreamEnding } from './openai/relay-stream.ts'
import type { ProviderConnection } from './provider.ts'
import { type Catalog, type ModelInfo, requireModel } from './registry/catalog.ts'
import { type ProviderSpec, upstreamNameOf } from './registry/read-registry.ts'

/**
 * An answer on OpenAI's wire. `body` is JSON text. `stream` is SSE text in pieces of one or more whole events, `data: [DONE]` last; iterating throws ModelError when
 * the answer breaks off, and leaving it early cancels the call upstream. A stream that is only passed through can be poured instead.
 */
export type PassThroughAnswer =
  | { kind: 'body'; body: string; usage: ModelUsage }
  | { kind: 'stream'; chunks: AsyncGenerator<string> & Partial<RelayedEvents>; usage(): ModelUsage | undefined }

export interface PassThroughContext extends AttemptCall {
  catalog: Catalog
  timeouts: ModelTimeouts
  /** Undefined when no provider on OpenAI's wire is set up. */
  agent: Promise<Dispatcher> | undefined
  stream(request: ModelRequest, call: AttemptCall): AsyncGenerator<ModelEvent>
  controls: CallControls
}

export async function passThrough(body: Record<string, unknown>, context: PassThroughContext): Promise<PassThroughAnswer> {
  const modelId = typeof body.model === 'string' ? body.model : ''
  const { model, provider } = requireModel(context.catalog, modelId)
  const { agent } = context
  if (provider.spec.wire === 'openai' && provider.connection !== undefined && agent !== undefined)
    return relay(body, {
      ...context,
      model,
      connection: provider.connection,
      providerTimeouts: provider.spec.timeouts,
      dispatcher: await agent,
    })
  refuseUntranslatable(body, model.id, provider.spec.wire)
  return translate(body, model.id, context)
}

interface RelayContext extends PassThroughContext {
  model: ModelInfo
  connection: ProviderConnection
  providerTimeouts: Patience | undefined
  dispatcher: Dispatcher
}

async function relay(body: Record<string, unknown>, context: RelayContext): Promise<PassThroughAnswer> {
  const { model, connection, timeouts, dispatcher } = context
  const patience = patienceWith(timeouts, context.providerTimeouts, model.timeouts)
  const text = relayedText(body, { connection, modelName: upstreamNameOf(model.id) })
  const content = contentOfBody(body, text)
  const attempt = await openAttempt({
    ...context,
    content,
    wishes: { maxOutputTokens: content.outputTokensMax, temperature: body.temperature },
    silence: {
      firstMs: content.isStreamed ? patience.firstTokenMs : patience.wholeAnswerMs,
      betweenMs: patience.betweenTokensMs,
    },
  })
  const { guard, answer: facts } = attempt
  try {
    if (guard.signal.aborted) throw guard.signal.reason
    const { isStreamed } = content
    const { ending, usage } = streamOf(attempt)
    const sent = attempt.outputTokensMax === undefined ? text : shortened(body, attempt.outputTokensMax, context)
    const call = {
      connection,
      dispatcher,
      text: sent,
      isStreamed,
      asksForUsage: asksUsage(body),
      publicId: model.id,
      guard,
      facts,
      ending,
    }
    const answer = await relayChat(call)
    attempt.touchContent()
    if (typeof answer === 'string') return { kind: 'body', body: answer, usage: attempt.complete() }
    return { kind: 'stream', chunks: answer, usage }
  } catch (thrown) {
    const failure = attempt.fail(thrown)
    await attempt.told()
    throw failure
  }
}

/** The body with another limit on the answer, in the field that the body uses, or else the one that the provider knows. */
function shortened(body: Record<string, unknown>, outputTokensMax: number, { connection, model }: RelayContext): string {
  const { max_tokens: older, max_completion_tokens: newer, ...rest } = body
  const field = newer != null ? 'max_completion_tokens' : older != null ? 'max_tokens' : connection.maxTokensField
  return relayedText({ ...rest, [field]: outputTokensMax }, { connection, modelName: upstreamNameOf(model.id) })
}

/** Ends the attempt when its stream ends, however it does. */
function streamOf(attempt: Attempt): { ending: StreamEnding; usage(): ModelUsage | undefined } {
  let usage: ModelUsage | undefined
  const ending: StreamEnding = {
    completed() {
      usage = attempt.complete()
    },
    failed: attempt.fail,
    over() {
      attempt.leave()
      return attempt.told()
    },
  }
  return { ending, usage: () => usage }
}

/** Answers through a provider of another wire: request and answer are translated, field by field. */
async function translate(
  body: Record<string, unknown>,
  modelId: string,
  context: PassThroughContext,
): Promise<PassThroughAnswer> {
  const request = requestFromChat(modelId, messagesFromBody(body), body)
  const identity = newChatIdentity(modelId)
  const { catalog: _, timeouts: __, agent: ___, controls: ____, stream, ...call } = context
  const events = stream(request, call)
  if (body.stream !== true) {
    const answer = await collectAnswer(events)
    if (answer.usage === undefined) throw new ModelError('upstream_error', `${modelId} ended without usage`)
    return { kind: 'body', body: toChatBody(answer, identity), usage: answer.usage }
  }
  // Failures before the first event are thrown here, while the client can still get a status.
  const first = await events.next()
  let usage: ModelUsage | undefined
  async function* noted(): AsyncGenerator<ModelEvent> {
    try {
      if (!first.done) yield first.value
      for await (const event of events) {
        if (event.type === 'usage') usage = withoutType(event)
        yield event
      }
    } finally {
      await events.return(undefined)
    }
  }
  return { kind: 'stream', chunks: toChatStream(noted(), identity, asksUsage(body)), usage: () => usage }
}

function withoutType({ type: _, ...usage }: Extract<ModelEvent, { type: 'usage' }>): ModelUsage {
  return usage
}

/** Throws ModelError for a field that cannot be translated, and without which the answer would be another. The offline model may leave offered tools alone. */
function refuseUntranslatable(body: Record<string, unknown>, modelId: string, wire: ProviderSpec['wire']): void {
  const asked = {
    n: typeof body.n === 'number' && body.n > 1,
    logprobs: body.logprobs === true && wire !== 'responses',
    functions: Array.isArray(body.functions) && body.functions.length > 0 && wire !== 'offline',
    web_search_options: body.web_search_options != null && wire !== 'offline',
    modalities: Array.isArray(body.modalities) && body.modalities.includes('audio'),
  }
  const [param] = Object.entries(asked).flatMap(([field, isAsked]) => (isAsked ? [field] : []))
  if (param !== undefined) throw new ModelError('invalid_request', `${modelId} does not support '${param}'`, { param })
}

function asksUsage(body: Record<string, unknown>): boolean {
  const options = body.stream_options
  return typeof options === 'object' && options !== null && 'include_usage' in options && options.include_usage === true
}
