import { lastQuestion } from '@weft/contracts'
import { ModelError } from '../model-error.ts'
import type { FinishReason, ProviderEvent } from '../model-event.ts'
import type { ModelRequest } from '../model-request.ts'
import type { ModelProvider, ProviderCall } from '../provider.ts'
import { parseAnswerPrompt } from '../step/answer-prompt.ts'
import { parseReasonPrompt } from '../step/reason-prompt.ts'
import { estimateTokens } from '../tokens/estimate-tokens.ts'
import { answerDirectly } from './answer-directly.ts'
import { extractAnswer, tellStatements } from './extract-answer.ts'

/** The built-in model: deterministic, without key or network. It quotes the sources of the prompt, sentence by sentence. */
export function createOfflineProvider(): ModelProvider {
  return { id: 'offline', stream: streamOffline, listModelNames: async () => ['extractive'] }
}

async function* streamOffline({ request, signal }: ProviderCall): AsyncGenerator<ProviderEvent> {
  refuseUnsupported(request)
  const sentences = answer(request)
  const written = limited(sentences, request)
  for (const [index, sentence] of written.sentences.entries()) {
    // Lets the reader write each sentence out before the next one, as a remote model would.
    await new Promise((resolve) => setImmediate(resolve))
    if (signal.aborted) throw signal.reason
    yield { type: 'text', delta: index === 0 || sentence.startsWith('\n') ? sentence : ` ${sentence}` }
  }
  yield { type: 'finish', reason: written.reason }
}

function answer(request: ModelRequest): string[] {
  const asked = parseAnswerPrompt(request.messages)
  if (asked !== undefined) return extractAnswer(asked)
  const reasoned = parseReasonPrompt(request.messages)
  if (reasoned === undefined) return answerDirectly(lastQuestion(request.messages))
  return reasoned.sources.length > 0 ? extractAnswer(reasoned) : tellStatements(reasoned)
}

/** Throws ModelError for a request that insists on a tool call or on JSON: this model can do neither. */
function refuseUnsupported(request: ModelRequest): void {
  const insists = request.toolChoice === 'required' || typeof request.toolChoice === 'object'
  const param = insists
    ? 'tool_choice'
    : request.responseFormat !== undefined && request.responseFormat.type !== 'text'
      ? 'response_format'
      : undefined
  if (param !== undefined) throw new ModelError('invalid_request', `offline/extractive does not support '${param}'`, { param })
}

/** Keeps the whole sentences that fit the token limit, and the text before the first stop sequence. */
function limited(sentences: string[], request: ModelRequest): { sentences: string[]; reason: FinishReason } {
  const kept: string[] = []
  let tokens = 0
  for (const sentence of sentences) {
    const stop = firstStop(sentence, request.stop ?? [])
    if (stop >= 0) {
      if (stop > 0) kept.push(sentence.slice(0, stop))
      return { sentences: kept, reason: 'stop' }
    }
    tokens += estimateTokens(sentence.length + 1)
    if (tokens > (request.maxOutputTokens ?? Number.POSITIVE_INFINITY)) return { sentences: kept, reason: 'length' }
    kept.push(sentence)
  }
  return { sentences: kept, reason: 'stop' }
}

function firstStop(text: string, stops: string[]): number {
  const found = stops.map((stop) => (stop === '' ? -1 : text.indexOf(stop))).filter((at) => at >= 0)
  return found.length === 0 ? -1 : Math.min(...found)
}
