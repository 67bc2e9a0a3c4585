import { type Citation, type ExecuteRequest, lastQuestion, WeftError } from '@weft/contracts'
import { conflictPhrase, noEvidencePhrase, reasonPromptForStep, type StepCall, streamStepText } from '@weft/models'
import { meanScore, promptSourceOf, sayCited } from '@weft/retrieval'
import { z } from 'zod'
import { gatherFindings } from './core/gather-findings.ts'
import { mergeFindings } from './core/merge-findings.ts'
import type { CitingTools } from './synthesize-answer.ts'

const Params = z.looseObject({ question: z.string().min(1).optional(), instructions: z.string().min(1).optional() })

/** How sure the answer of a language model is taken to be, which may say what no passage does. */
const confidenceOfModel = 0.5

/** Answers the conversation with the model, streaming; the steps before hand it their texts, and what they found or cite it can cite. */
export async function reasonDirectly(
  { models, verifyQuotes }: CitingTools,
  request: ExecuteRequest,
  call: StepCall,
): Promise<void> {
  const params = Params.parse(request.params)
  const { findings, degraded: inherited } = gatherFindings(request.dependencies)
  const { statements, evidence } = mergeFindings(findings)
  const passages = evidence.map(({ passage }) => passage)
  const degraded = new Set(inherited)
  const messages = await reasonPromptForStep(models, {
    request,
    degraded,
    messages: params.question === undefined ? request.input.messages : [{ role: 'user', content: params.question }],
    instructions: params.instructions,
    statements,
    sources: passages.map(promptSourceOf),
  })
  if (messages.length === 0)
    throw new WeftError('invalid_request', 'there is nothing to answer: no message and no question', { param: 'params.question' })
  const deltas = streamStepText(models, { request, messages, degraded }, call)
  const question = params.question ?? lastQuestion(request.input.messages)
  const verify = verifyQuotes(call.tenant)
  const unverified = request.context?.unverified
  const { text, citations } =
    passages.length === 0
      ? await sayPlainly(deltas, call.emit)
      : await sayCited(deltas, { question, passages, verify, degraded, conflictPhrase, noEvidencePhrase, unverified }, call.emit)
  // Who was handed nothing to answer from says it of something else.
  const wasHanded = Object.keys(request.dependencies).length > 0
  if (wasHanded && text.startsWith(noEvidencePhrase)) degraded.add('no_evidence')
  call.emit({
    type: 'result',
    output: { text, ...(degraded.size === 0 ? {} : { degraded: [...degraded] }) },
    citations,
    confidence: degraded.has('offline_model') ? meanScore(citations) : confidenceOfModel,
  })
}

async function sayPlainly(
  deltas: AsyncIterable<string>,
  emit: StepCall['emit'],
): Promise<{ text: string; citations: Citation[] }> {
  let text = ''
  for await (const delta of deltas) {
    text += delta
    emit({ type: 'text', delta })
  }
  return { text, citations: [] }
}
