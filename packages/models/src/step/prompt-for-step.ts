import type { ChatMessage, ExecuteRequest } from '@weft/contracts'
import { z } from 'zod'
import type { Models } from '../create-models.ts'
import type { ModelInfo } from '../registry/catalog.ts'
import { type AnswerPromptOptions, type AssembledPrompt, assembleAnswerPrompt, type PromptWindow } from './answer-prompt.ts'
import { modelOf } from './model-of-step.ts'
import { assembleReasonPrompt, type ReasonPromptOptions } from './reason-prompt.ts'

export interface StepPrompt extends AnswerPromptOptions {
  request: ExecuteRequest
  /** Gets what the prompt had to leave out: `passages_left_out:<number>`, `passage_cut`, `statements_cut`. */
  degraded: Set<string>
}

/** The prompt for a step's cited answer, which leaves room for the answer in the window of the model that the step will ask. */
export async function promptForStep(models: Models, { request, degraded, ...options }: StepPrompt): Promise<ChatMessage[]> {
  const window = windowOf(await modelOf(models, request), request)
  return noteLacks(assembleAnswerPrompt({ ...options, window }), degraded)
}

export interface ReasonStepPrompt extends ReasonPromptOptions {
  request: ExecuteRequest
  /** Gets what the prompt had to leave out: `passages_left_out:<number>`, `passage_cut`, `statements_cut`. */
  degraded: Set<string>
}

/** The conversation of a step with the results of earlier steps, within the window of the model that the step will ask. */
export async function reasonPromptForStep(
  models: Models,
  { request, degraded, ...options }: ReasonStepPrompt,
): Promise<ChatMessage[]> {
  const window = windowOf(await modelOf(models, request), request)
  return noteLacks(assembleReasonPrompt({ ...options, window }), degraded)
}

function noteLacks({ messages, leftOut, isCut, areStatementsCut }: AssembledPrompt, degraded: Set<string>): ChatMessage[] {
  if (leftOut > 0) degraded.add(`passages_left_out:${leftOut}`)
  if (isCut) degraded.add('passage_cut')
  if (areStatementsCut) degraded.add('statements_cut')
  return messages
}

/** The room kept for an answer when the request does not bound it: a few paragraphs with citations. */
const answerTokensUsual = 2_000
/** The most that is kept for the answer, so that a small model has room for what it is to read. */
const answerShareMax = 0.5

const Limits = z.object({
  max_completion_tokens: z.number().positive().nullish(),
  max_tokens: z.number().positive().nullish(),
})

function windowOf(model: ModelInfo | undefined, request: ExecuteRequest): PromptWindow | undefined {
  if (model?.contextTokens === undefined) return undefined
  const limits = Limits.safeParse(request.context?.modelOptions ?? {}).data
  const wanted = limits?.max_completion_tokens ?? limits?.max_tokens ?? answerTokensUsual
  const answerTokens = Math.min(wanted, model.outputTokensMax ?? wanted, Math.floor(model.contextTokens * answerShareMax))
  return { contextTokens: model.contextTokens, answerTokens }
}
