import { isRecord } from '@weft/contracts'
import { type AnswerFacts, hearContent } from '../attempt/answer-facts.ts'
import { finishReason } from './chat-chunk.ts'

/**
 * Notes what all choices of a chunk (`delta`) or of a whole answer (`message`) say, since each of them is paid for. Anything of another shape than OpenAI's is
 * passed over.
 */
export function noteChoices(facts: AnswerFacts, choices: unknown, part: 'delta' | 'message'): void {
  if (!Array.isArray(choices)) return
  for (const choice of choices) {
    if (!isRecord(choice)) continue
    const { finish_reason: reason } = choice
    if (typeof reason === 'string' && reason !== '') facts.finishReason ??= finishReason(reason)
    const said = choice[part]
    if (isRecord(said)) noteSaid(facts, said)
  }
}

function noteSaid(facts: AnswerFacts, said: Record<string, unknown>): void {
  const calls = Array.isArray(said.tool_calls) ? said.tool_calls : []
  // A server that sends thoughts under both names sends the same text twice.
  for (const text of [said.reasoning_content ?? said.reasoning, said.content, said.refusal, ...calls.map(textOfCall)])
    if (typeof text === 'string' && text !== '') {
      facts.hasContent = true
      hearContent(facts, text)
    }
  if (calls.length > 0) facts.hasContent = true
}

function textOfCall(call: unknown): string {
  if (!isRecord(call) || !isRecord(call.function)) return ''
  const { name, arguments: text } = call.function
  return [name, text].filter((part) => typeof part === 'string').join('')
}
