import type { AgentEvent, ExecuteRequest, Passage } from '@weft/contracts'
import { WeftError } from '@weft/contracts'
import { buildAnswerPrompt, ModelError, type Models, noEvidencePhrase, offlineModelId, requestFromChat } from '@weft/models'
import { createCitationStream, type VerifyQuotes } from '@weft/retrieval'
import { z } from 'zod'
import { gatherEvidence, lastQuestion } from './core/gather-evidence.ts'

export type AnswerTools = { models: Models; verifyQuotes(tenant: string): VerifyQuotes }
export type StepCall = { emit: (event: AgentEvent) => void; signal: AbortSignal; tenant: string }

const Params = z.looseObject({ question: z.string().optional() })

/** Answers from the passages of the dependencies, streaming; only citations that were read again from the store go out. */
export async function answerQuestion(tools: AnswerTools, request: ExecuteRequest, call: StepCall): Promise<void> {
  const question = Params.parse(request.params).question ?? lastQuestion(request.input.messages)
  const evidence = gatherEvidence(request.dependencies)
  const degraded = new Set(evidence.degraded)
  if (evidence.passages.length === 0) {
    const model = request.model?.prefer ?? (await tools.models.defaultModelId().catch(() => undefined))
    if (model === offlineModelId) degraded.add('offline_model')
    sayNothingWasFound(degraded, call)
    return
  }
  const verify = tolerant(tools.verifyQuotes(call.tenant), () => degraded.add('database_unavailable'))
  const citations = createCitationStream({ passages: evidence.passages, verify, question })
  let text = ''
  const say = (delta: string) => {
    text += delta
    if (delta !== '') call.emit({ type: 'text', delta })
  }
  for await (const delta of modelText(tools.models, { request, question, passages: evidence.passages, degraded }, call)) {
    say(await citations.push(delta))
  }
  say(await citations.end())
  if (citations.unsupported > 0) degraded.add('unsupported_citation')
  if (citations.citations.length === 0 || text.startsWith(noEvidencePhrase)) degraded.add('no_evidence')
  call.emit({
    type: 'result',
    output: { text, ...(degraded.size === 0 ? {} : { degraded: [...degraded] }) },
    citations: citations.citations,
    confidence: confidenceOf(citations.citations.map(({ score }) => score)),
  })
}

/** No model is asked what no passage can tell it. */
function sayNothingWasFound(degraded: Set<string>, call: StepCall): void {
  const wasSearched = ![...degraded].some((each) => each.startsWith('step_skipped:'))
  const text = wasSearched
    ? `${noEvidencePhrase} for this in the searched documents. Ingest documents about it, name the vector store to search, or ask with the words the documents use.`
    : `${noEvidencePhrase}: the documents could not be searched. Ask again in a moment.`
  degraded.add('no_evidence')
  call.emit({ type: 'text', delta: text })
  call.emit({ type: 'result', output: { text, degraded: [...degraded] }, citations: [], confidence: 0 })
}

type Asked = { request: ExecuteRequest; question: string; passages: Passage[]; degraded: Set<string> }

async function* modelText(models: Models, asked: Asked, call: StepCall): AsyncGenerator<string> {
  const { request, question, passages, degraded } = asked
  try {
    const model = request.model?.prefer ?? (await models.defaultModelId())
    if (model === offlineModelId) degraded.add('offline_model')
    const sources = passages.map((passage, index) => ({ id: index + 1, title: titleOf(passage), text: passage.text }))
    const messages = buildAnswerPrompt({ question, sources, history: earlierMessages(request.input.messages) })
    for await (const event of models.stream(requestFromChat(model, messages, textOptions(request)), { signal: call.signal })) {
      if (event.type === 'text') yield event.delta
      else if (event.type === 'usage') {
        const { inputTokens, outputTokens, costUsd, measured } = event
        call.emit({ type: 'usage', model, inputTokens, outputTokens, costUsd, measured })
      }
    }
  } catch (thrown) {
    throw thrown instanceof ModelError ? thrown.toWeftError() : thrown
  }
}

function titleOf({ filename, heading, page }: Passage): string {
  return [filename, heading, page === undefined ? undefined : `page ${page}`]
    .filter((part) => part !== undefined && part !== '')
    .join(' — ')
}

function earlierMessages(messages: ExecuteRequest['input']['messages']): ExecuteRequest['input']['messages'] {
  const last = messages.findLastIndex((message) => message.role === 'user')
  return messages.filter((_, index) => index !== last)
}

/** Tools and answer formats of the chat request are not for this step: its answer is cited prose. */
function textOptions(request: ExecuteRequest): Record<string, unknown> {
  const {
    tools: _tools,
    tool_choice: _choice,
    response_format: _format,
    parallel_tool_calls: _parallel,
    ...options
  } = request.context?.modelOptions ?? {}
  return options
}

/** Without the database quotes cannot be verified: they are left out, and the answer says why. */
function tolerant(verify: VerifyQuotes, onUnavailable: () => void): VerifyQuotes {
  return async (quotes) => {
    try {
      return await verify(quotes)
    } catch (thrown) {
      if (!(thrown instanceof WeftError) || thrown.code !== 'dependency_unavailable') throw thrown
      onUnavailable()
      return []
    }
  }
}

function confidenceOf(scores: number[]): number {
  return scores.length === 0 ? 0 : scores.reduce((sum, score) => sum + score, 0) / scores.length
}
