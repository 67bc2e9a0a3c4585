import type { FinishReason, ModelEvent, ModelUsage, TokenLogprob } from './model-event.ts'

export interface CollectedToolCall {
  id: string
  name: string
  arguments: string
}

export interface ModelAnswer {
  text: string
  /** Of the tokens of `text`, if they were asked for. */
  logprobs?: TokenLogprob[]
  reasoning: string
  /** Empty unless the model refused to answer. */
  refusal: string
  toolCalls: CollectedToolCall[]
  finishReason: FinishReason
  usage: ModelUsage | undefined
}

/** Collects a stream of model events into one answer; throws what the stream throws. */
export async function collectAnswer(events: AsyncIterable<ModelEvent>): Promise<ModelAnswer> {
  const answer: ModelAnswer = { text: '', reasoning: '', refusal: '', toolCalls: [], finishReason: 'stop', usage: undefined }
  const calls = new Map<number, CollectedToolCall>()
  for await (const event of events) {
    switch (event.type) {
      case 'text':
        answer.text += event.delta
        if (event.logprobs !== undefined) answer.logprobs = [...(answer.logprobs ?? []), ...event.logprobs]
        break
      case 'reasoning':
        answer.reasoning += event.delta
        break
      case 'refusal':
        answer.refusal += event.delta
        break
      case 'tool_call':
        calls.set(event.index, mergeCall(calls.get(event.index), event))
        break
      case 'finish':
        answer.finishReason = event.reason
        break
      case 'usage': {
        const { type: _, ...usage } = event
        answer.usage = usage
        break
      }
    }
  }
  answer.toolCalls = [...calls.entries()].toSorted(([a], [b]) => a - b).map(([, call]) => call)
  return answer
}

function mergeCall(open: CollectedToolCall | undefined, event: Extract<ModelEvent, { type: 'tool_call' }>): CollectedToolCall {
  return {
    id: event.id ?? open?.id ?? '',
    name: event.name ?? open?.name ?? '',
    arguments: (open?.arguments ?? '') + event.argumentsDelta,
  }
}
