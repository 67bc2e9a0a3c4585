import type { AgentEvent, ChatMessage, ExecuteRequest } from '@weft/contracts'
import { scopeOfStep } from '../attempt/call-scope.ts'
import { approvedBudgets } from '../budgets/budget-question.ts'
import { createSpendingLimit, type SpendingLimit } from '../budgets/spending-limit.ts'
import type { Models } from '../create-models.ts'
import { ModelError } from '../model-error.ts'
import type { ModelUsage } from '../model-event.ts'
import { requestFromChat } from '../model-request.ts'
import { offlineModelId } from '../registry/catalog.ts'
import { chooseStepModel, type StepOutcome } from '../routing/choose-step-model.ts'
import { showMessages } from './show-attachments.ts'
import { textOptions } from './text-options.ts'

/** How a step of a plan is performed: where its events go, and what ends it early. */
export interface StepCall {
  emit(event: AgentEvent): void
  signal: AbortSignal
  tenant: string
  /** The id of the agent that performs the step. */
  agent: string
}

export interface AskedModel {
  request: ExecuteRequest
  messages: ChatMessage[]
  /** Marks of the answer are added to it. */
  degraded: Set<string>
  /** Whether the messages bring the passages that the answer has to come from. */
  isGrounded?: boolean | undefined
  /** Called when the router chose the model, with a function to be called once it is known how good the answer was. */
  onRoute?(judge: (outcome: StepOutcome) => void): void
}

/**
 * Streams the text of a model's answer for a step. Its usage is emitted as an event, also that of calls that failed. The model is the one that the step prefers, else
 * the one that fits best. Throws WeftError.
 */
export async function* streamStepText(models: Models, asked: AskedModel, call: StepCall): AsyncGenerator<string> {
  const { request, degraded } = asked
  try {
    const scope = scopeOfStep(request, call)
    const whole = requestFromChat('', asked.messages, textOptions(request))
    const { model, route } = await chooseStepModel(models, {
      asking: whole,
      scope,
      wish: request.model,
      isGrounded: asked.isGrounded,
    })
    let answering = model
    if (route !== undefined) asked.onRoute?.((outcome) => route.judge(answering, outcome))
    if (model === offlineModelId) degraded.add('offline_model')
    const { messages, isWhole } = showMessages(asked.messages, models.get(model))
    if (!isWhole) degraded.add('attachments_left_out')
    const options = {
      scope,
      receipt: route?.receipt,
      signal: call.signal,
      limit: limitOfStep(request),
      approvedBudgets: approvedBudgets(request),
      wishes: { requires: request.model?.requires },
      degraded,
      fallbacks: route?.chain.slice(1),
      repeats: true,
      onModel(modelId: string) {
        answering = modelId
      },
      onFailedUse: (modelId: string, usage: ModelUsage) => call.emit(usageEvent(modelId, usage)),
    }
    let hasWords = false
    for await (const event of models.stream({ ...whole, messages, model }, options)) {
      switch (event.type) {
        case 'text':
        case 'refusal':
          hasWords ||= event.delta.trim() !== ''
          yield event.delta
          break
        case 'finish':
          // Marked, so that a part of an answer never passes for the whole.
          if (event.reason === 'length') degraded.add('answer_truncated')
          if (event.reason === 'content_filter') degraded.add('content_filter')
          break
        case 'usage':
          call.emit(usageEvent(answering, event))
      }
    }
    // As of a model that calls a tool it was not offered.
    if (!hasWords) degraded.add('empty_answer')
  } catch (thrown) {
    throw thrown instanceof ModelError ? thrown.toWeftError() : thrown
  }
}

/** The event by which a step tells what a call of a model has used. */
export function usageEvent(model: string, { inputTokens, outputTokens, costUsd, measured }: ModelUsage): AgentEvent {
  return { type: 'usage', model, inputTokens, outputTokens, costUsd, measured }
}

const limits = new WeakMap<ExecuteRequest, SpendingLimit>()

/** The limit on what all calls of a step may cost together: what its turn has left, and what its plan allows. Undefined when there is none. */
function limitOfStep(request: ExecuteRequest): SpendingLimit | undefined {
  const known = limits.get(request)
  const usd = Math.min(
    request.budget?.maxCostUsd ?? Number.POSITIVE_INFINITY,
    request.model?.maxCostUsd ?? Number.POSITIVE_INFINITY,
  )
  if (known !== undefined || usd === Number.POSITIVE_INFINITY) return known
  const limit = createSpendingLimit(Math.max(0, usd))
  limits.set(request, limit)
  return limit
}
