import { type ExecuteRequest, earlierMessages, lastQuestion } from '@weft/contracts'
import {
  answerWithoutEvidence,
  attachmentsForStep,
  type Models,
  promptForStep,
  type StepCall,
  streamGroundedText,
} from '@weft/models'
import { promptSourceOf, sayCitedAnswer, type VerifyQuotes } from '@weft/retrieval'
import { z } from 'zod'
import { gatherFindings } from './core/gather-findings.ts'
import { mergeFindings } from './core/merge-findings.ts'

export interface CitingTools {
  models: Models
  verifyQuotes(tenant: string): VerifyQuotes
}

const Params = z.looseObject({ question: z.string().min(1).optional(), subjects: z.array(z.string().min(1)).max(50).optional() })

/** One cited answer from what several steps found, streaming; only citations that were read again from the store go out. */
export async function synthesizeAnswer(
  { models, verifyQuotes }: CitingTools,
  request: ExecuteRequest,
  call: StepCall,
): Promise<void> {
  const params = Params.parse(request.params)
  const question = params.question ?? lastQuestion(request.input.messages)
  const found = gatherFindings(request.dependencies, params.subjects)
  const degraded = new Set(found.degraded)
  const { evidence, statements } = mergeFindings(found.findings)
  const attachments = await attachmentsForStep(models, { request, degraded })
  const isWithout = evidence.length === 0 && statements.length === 0
  if (isWithout && attachments.length === 0) return answerWithoutEvidence(models, { request, degraded, advice }, call)
  for (const { by, isCited } of statements) if (!isCited) degraded.add(`no_source:${by}`)
  const messages = await promptForStep(models, {
    request,
    degraded,
    question,
    sources: evidence.map(({ about, passage }, index) => ({ ...promptSourceOf(passage, index), about })),
    statements: statements.map(({ by, text }) => ({ by, text })),
    missing: found.missing,
    unsearched: found.unsearched,
    attachments,
    history: earlierMessages(request.input.messages),
    task: 'compare',
  })
  const { deltas, citationOptions } = streamGroundedText(models, { request, messages, degraded }, call)
  const { unverified } = request.context ?? {}
  const passages = evidence.map(({ passage }) => passage)
  const verify = verifyQuotes(call.tenant)
  await sayCitedAnswer(deltas, { ...citationOptions, question, passages, verify, unverified }, call.emit)
}

const advice =
  'on any of the subjects in the searched documents. Ingest documents about them, or name the vector store to search.'
