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

/** What a step of a plan is done with: where its events go, and what ends it early. */
export interface StepCall {
  emit(event: AgentEvent): void
  signal: AbortSignal
  tenant: string
  /** Id of the agent whose step it is. */
  agent: string
}

export interface AskedModel {
  request: ExecuteRequest
  messages: ChatMessage[]
  /** Gets what the answer has to be marked with. */
  degraded: Set<string>
  /** The messages bring the passages along that the answer comes from. */
  isGrounded?: boolean | undefined
  /** Told when the model was chosen among several: whoever learns what the answer was worth says so. */
  onRoute?(judge: (outcome: StepOutcome) => void): void
}

/**
 * The text of one model call for a step, as it comes; its usage goes out as an event, also that of calls that failed. The model is the one the step prefers, else the
 * one that fits best. Throws WeftError.
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
    for await (const event of models.stream({ ...whole, messages, model }, options)) {
      switch (event.type) {
        case 'text':
        case 'refusal':
          yield event.delta
          break
        case 'finish':
          // A part of an answer is never passed off as the whole.
          if (event.reason === 'length') degraded.add('answer_truncated')
          if (event.reason === 'content_filter') degraded.add('content_filter')
          break
        case 'usage':
          call.emit(usageEvent(answering, event))
      }
    }
  } catch (thrown) {
    throw thrown instanceof ModelError ? thrown.toWeftError() : thrown
  }
}

/** What a call of a model has used, as a step tells it. */
export function usageEvent(model: string, { inputTokens, outputTokens, costUsd, measured }: ModelUsage): AgentEvent {
  return { type: 'usage', model, inputTokens, outputTokens, costUsd, measured }
}

const limits = new WeakMap<ExecuteRequest, SpendingLimit>()

/** What the calls of a step may cost together: what its turn has left for it, and what its plan allows. */
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
