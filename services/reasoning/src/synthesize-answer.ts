import { type ChatMessage, type ExecuteRequest, messageText, type Passage, WeftError } from '@weft/contracts'
import { buildAnswerPrompt, type Models, noEvidencePhrase, type PromptSource } from '@weft/models'
import { type CitationStream, createCitationStream, type VerifyQuotes } from '@weft/retrieval'
import { z } from 'zod'
import { type Evidence, gatherFindings, inTurns } from './core/gather-findings.ts'
import { type StepCall, streamText } from './stream-text.ts'

export interface SynthesisTools {
  models: Models
  verifyQuotes(tenant: string): VerifyQuotes
}

const Params = z.looseObject({ question: z.string().min(1).optional(), subjects: z.array(z.string().min(1)).max(50).optional() })

/** One cited answer from what several steps found, streaming; only citations that were read again from the store go out. */
export async function synthesizeAnswer(tools: SynthesisTools, request: ExecuteRequest, call: StepCall): Promise<void> {
  const params = Params.parse(request.params)
  const question = params.question ?? lastQuestion(request.input.messages)
  const found = gatherFindings(request.dependencies, params.subjects)
  const degraded = new Set(found.degraded)
  const evidence = inTurns(found.findings)
  if (evidence.length === 0) {
    sayNothingWasFound(degraded, call)
    return
  }
  const verify = tolerant(tools.verifyQuotes(call.tenant), () => degraded.add('database_unavailable'))
  const citations = createCitationStream({ passages: evidence.map(({ passage }) => passage), verify, question })
  const messages = buildAnswerPrompt({
    question,
    sources: evidence.map(sourceOf),
    missing: found.missing,
    history: earlierMessages(request.input.messages),
    task: 'compare',
  })
  const text = await speak(streamText(tools.models, { request, messages, degraded }, call), citations, call)
  if (citations.unsupported > 0) degraded.add('unsupported_citation')
  if (citations.citations.length === 0 || text.startsWith(noEvidencePhrase)) degraded.add('no_evidence')
  call.emit({
    type: 'result',
    output: { text, ...(degraded.size === 0 ? {} : { degraded: [...degraded] }) },
    citations: citations.citations,
    confidence: confidenceOf(citations.citations.map(({ score }) => score)),
  })
}

async function speak(deltas: AsyncIterable<string>, citations: CitationStream, call: StepCall): Promise<string> {
  let text = ''
  const say = (delta: string) => {
    text += delta
    if (delta !== '') call.emit({ type: 'text', delta })
  }
  for await (const delta of deltas) say(await citations.push(delta))
  say(await citations.end())
  return text
}

/** No model is asked what no passage can tell it. */
function sayNothingWasFound(degraded: Set<string>, call: StepCall): void {
  const wasSearched = ![...degraded].some((each) => each.startsWith('step_skipped:'))
  const text = wasSearched
    ? `${noEvidencePhrase} on any of the subjects in the searched documents. Ingest documents about them, or name the vector store to search.`
    : `${noEvidencePhrase}: the documents could not be searched. Ask again in a moment.`
  degraded.add('no_evidence')
  call.emit({ type: 'text', delta: text })
  call.emit({ type: 'result', output: { text, degraded: [...degraded] }, citations: [], confidence: 0 })
}

/** Numbered as the citation stream numbers the passages. */
function sourceOf({ about, passage }: Evidence, index: number): PromptSource {
  return { id: index + 1, title: titleOf(passage), text: passage.text, about }
}

function earlierMessages(messages: ChatMessage[]): ChatMessage[] {
  const last = messages.findLastIndex((message) => message.role === 'user')
  return messages.filter((_, index) => index !== last)
}

function titleOf({ filename, heading, page }: Passage): string {
  return [filename, heading, page === undefined ? undefined : `page ${page}`]
    .filter((part) => part !== undefined && part !== '')
    .join(' — ')
}

function lastQuestion(messages: ChatMessage[]): string {
  const last = messages.findLast((message) => message.role === 'user')
  return last === undefined ? '' : messageText(last)
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
