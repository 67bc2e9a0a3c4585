import { randomBytes } from 'node:crypto'
import type { ModelAnswer } from '../complete-model.ts'
import type { ModelEvent, ModelUsage, TokenLogprob } from '../model-event.ts'

/** The id, model and time of a translated answer, the same in every chunk. */
export interface ChatIdentity {
  id: string
  model: string
  /** Unix seconds. */
  created: number
}

export function newChatIdentity(model: string): ChatIdentity {
  return { id: `chatcmpl-${randomBytes(16).toString('hex')}`, model, created: Math.floor(Date.now() / 1_000) }
}

/** Model events as the SSE text of a chat completion stream: the role comes first; a finish chunk, usage if it is asked for, and `[DONE]` end it. */
export async function* toChatStream(
  events: AsyncIterable<ModelEvent>,
  identity: ChatIdentity,
  includeUsage: boolean,
): AsyncGenerator<string> {
  const chunk = (choices: object[], usage?: object | null) =>
    `data: ${JSON.stringify({ ...base(identity, 'chat.completion.chunk'), choices, ...(includeUsage ? { usage: usage ?? null } : {}) })}\n\n`
  const delta = (value: object, reason: string | null = null, logprobs?: TokenLogprob[]) =>
    chunk([{ index: 0, delta: value, logprobs: logprobsObject(logprobs), finish_reason: reason }])
  let hasRole = false
  const withRole = (value: object) => {
    const first = hasRole ? {} : { role: 'assistant' }
    hasRole = true
    return { ...first, ...value }
  }
  for await (const event of events) {
    switch (event.type) {
      case 'text':
        yield delta(withRole({ content: event.delta }), null, event.logprobs)
        break
      case 'reasoning':
        yield delta(withRole({ reasoning_content: event.delta }))
        break
      case 'refusal':
        yield delta(withRole({ refusal: event.delta }))
        break
      case 'tool_call':
        yield delta(withRole({ tool_calls: [toolCallDelta(event)] }))
        break
      case 'finish':
        yield delta(hasRole ? {} : withRole({ content: '' }), event.reason)
        break
      case 'usage':
        if (includeUsage) yield chunk([], chatUsage(event))
        break
    }
  }
  yield 'data: [DONE]\n\n'
}

/** A collected answer as the body of a chat completion. */
export function toChatBody(answer: ModelAnswer, identity: ChatIdentity): string {
  const toolCalls = answer.toolCalls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }))
  const message = {
    role: 'assistant',
    content: answer.text === '' && (toolCalls.length > 0 || answer.refusal !== '') ? null : answer.text,
    refusal: answer.refusal === '' ? null : answer.refusal,
    ...(answer.reasoning === '' ? {} : { reasoning_content: answer.reasoning }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  }
  return JSON.stringify({
    ...base(identity, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: logprobsObject(answer.logprobs), finish_reason: answer.finishReason }],
    ...(answer.usage === undefined ? {} : { usage: chatUsage(answer.usage) }),
  })
}

function logprobsObject(content: TokenLogprob[] | undefined): object | null {
  return content === undefined ? null : { content, refusal: null }
}

function base({ id, model, created }: ChatIdentity, object: string): object {
  return { id, object, created, model }
}

/** The first fragment of a tool call has its id and name; the others carry only arguments. */
function toolCallDelta(event: Extract<ModelEvent, { type: 'tool_call' }>): object {
  if (event.id === undefined) return { index: event.index, function: { arguments: event.argumentsDelta } }
  return {
    index: event.index,
    id: event.id,
    type: 'function',
    function: { name: event.name ?? '', arguments: event.argumentsDelta },
  }
}

function chatUsage(usage: ModelUsage): object {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    ...(usage.cachedInputTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: usage.cachedInputTokens } }),
    ...(usage.reasoningTokens === undefined ? {} : { completion_tokens_details: { reasoning_tokens: usage.reasoningTokens } }),
  }
}
