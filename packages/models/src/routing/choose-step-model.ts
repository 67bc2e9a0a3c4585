import { type ChatMessage, lastQuestion, messageText, type ModelWish } from '@weft/contracts'
import type { CallScope } from '../attempt/call-scope.ts'
import type { Models } from '../create-models.ts'
import { ModelError } from '../model-error.ts'
import type { ModelRequest } from '../model-request.ts'
import type { Route } from './model-router.ts'
import { needsOfRequest, partNeeds, type RequestNeeds } from './request-needs.ts'

export type StepOutcome = Parameters<Route['judge']>[1]

export interface StepRequest {
  /** The request, in which `model` is not set yet. */
  asking: ModelRequest
  scope: CallScope
  wish?: ModelWish | undefined
  isGrounded?: boolean | undefined
}

/**
 * Chooses the model for a step of a plan: the one it prefers, else WEFT_DEFAULT_MODEL, else the router's choice. When the router finds none, for instance because
 * no model has a known price, a step without wishes gets the default model. Throws ModelError.
 */
export async function chooseStepModel(
  models: Pick<Models, 'defaultModelId' | 'route' | 'isRouting'>,
  { asking, scope, wish = {}, isGrounded }: StepRequest,
): Promise<{ model: string; route?: Route }> {
  const { prefer, requires, maxCostUsd } = wish
  if (prefer !== undefined) return { model: prefer }
  if (!models.isRouting) return { model: await models.defaultModelId() }
  const routed = async (needs: RequestNeeds) => {
    const task = { prompt: lastQuestion(asking.messages), isGrounded }
    const route = await models.route({ needs, task, scope, wishes: { requires, maxCostUsd } })
    return { model: route.chain[0] ?? (await models.defaultModelId()), route }
  }
  const needs = needsOfRequest(asking)
  try {
    return await routed(needs)
  } catch (thrown) {
    const isFree = requires === undefined && maxCostUsd === undefined
    if (!(thrown instanceof ModelError) || !choicelessCodes.has(thrown.code)) throw thrown
    if (isFree) return { model: await models.defaultModelId() }
    // No allowed model can take the images or files, so the step is done without them.
    if (thrown.code !== 'invalid_request' || partNeeds(asking.messages).length === 0) throw thrown
    return routed(needsOfRequest({ ...asking, messages: textsOf(asking.messages) }))
  }
}

function textsOf(messages: ChatMessage[]): ChatMessage[] {
  return messages.map((message) => ({ ...message, content: messageText(message) }))
}

/** With these the router found nothing to choose by, or all that it could choose keep failing: the default model may still answer. */
const choicelessCodes: ReadonlySet<string> = new Set(['invalid_request', 'model_unavailable'])

/** Tells the router how good a cited answer was: the share of its citations that could be verified. */
export function judgeByCitations() {
  let judge: ((outcome: StepOutcome) => void) | undefined
  return {
    follow(route: (outcome: StepOutcome) => void): void {
      judge = route
    },
    tell: (verifiedShare: number): void => judge?.({ kind: 'citations', reward: verifiedShare }),
  }
}
