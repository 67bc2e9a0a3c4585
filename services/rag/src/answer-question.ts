import { type ExecuteRequest, earlierMessages, lastQuestion, type Passage } from '@weft/contracts'
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
import { gatherEvidence } from './core/gather-evidence.ts'

export type AnswerTools = {
  models: Models
  verifyQuotes(tenant: string): VerifyQuotes
  /** Passages less likely than this to hold an answer are not answered from, as of now; between 0 (always answer) and 1. */
  abstainBelow(): number
  /** Widens passages within their sections for the model to read more; undefined: they are read as they were found. */
  widen?: ((tenant: string, passages: Passage[]) => Promise<Passage[]>) | undefined
}

const Params = z.looseObject({ question: z.string().optional() })

/** Answers from the passages of the dependencies, streaming; only citations that were read again from the store go out. */
export async function answerQuestion(
  { models, verifyQuotes, abstainBelow, widen }: AnswerTools,
  request: ExecuteRequest,
  call: StepCall,
): Promise<void> {
  const asked = Params.parse(request.params).question ?? lastQuestion(request.input.messages)
  const { passages: found, degraded: inherited, questions, evidence } = gatherEvidence(request.dependencies)
  const rewritten = questions.get(asked.trim())
  const question = rewritten === undefined ? asked : withoutAside(rewritten)
  const degraded = new Set(inherited)
  const attachments = await attachmentsForStep(models, { request, degraded })
  const isWithout = found.length === 0 || (evidence !== undefined && evidence < abstainBelow())
  // What the model sees may answer what no document does.
  if (isWithout && attachments.length === 0) return answerWithoutEvidence(models, { request, degraded, advice }, call)
  const passages = await widened({ widen, degraded }, call.tenant, found)
  const sources = passages.map(promptSourceOf)
  const history = earlierMessages(request.input.messages)
  const messages = await promptForStep(models, { request, degraded, question, sources, attachments, history })
  const { deltas, citationOptions } = streamGroundedText(models, { request, messages, degraded }, call)
  const { unverified } = request.context ?? {}
  const verify = verifyQuotes(call.tenant)
  await sayCitedAnswer(deltas, { ...citationOptions, question, passages, verify, unverified }, call.emit)
}

/** Passages that cannot be widened are read as they were found, and the answer says so. */
async function widened(
  { widen, degraded }: Pick<AnswerTools, 'widen'> & { degraded: Set<string> },
  tenant: string,
  found: Passage[],
): Promise<Passage[]> {
  if (widen === undefined) return found
  try {
    return await widen(tenant, found)
  } catch {
    degraded.add('passages_not_widened')
    return found
  }
}

/** What a rewritten question says behind itself helps to find passages; among those found its own words choose better. */
function withoutAside(question: string): string {
  return question.replace(/ \([^()]*\)(?=[.?!]*$)/, '')
}

const advice =
  'for this in the searched documents. Ingest documents about it, name the vector store to search, or ask with the words the documents use.'
