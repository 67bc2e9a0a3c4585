import { type ChatMessage, lastQuestion, messageText, type ModelWish } from '@weft/contracts'
import type { CallScope } from '../attempt/call-scope.ts'
import type { Models } from '../create-models.ts'
import { ModelError } from '../model-error.ts'
import type { ModelRequest } from '../model-request.ts'
import type { Route } from './model-router.ts'
import { needsOfRequest, partNeeds, type RequestNeeds } from './request-needs.ts'

export type StepOutcome = Parameters<Route['judge']>[1]

export interface StepRequest {
  /** Without its model. */
  asking: ModelRequest
  scope: CallScope
  wish?: ModelWish | undefined
  isGrounded?: boolean | undefined
}

/**
 * The model of a plan's step: the one it prefers, else WEFT_DEFAULT_MODEL, else the one the router chooses. Where no model has a known price and the
 * step asks for nothing special, there is nothing to choose by, and it is the default one. Throws ModelError.
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
    if (!(thrown instanceof ModelError) || !isChoiceless.has(thrown.code)) throw thrown
    if (isFree) return { model: await models.defaultModelId() }
    // What no allowed model sees is left out, and the step is done without it.
    if (thrown.code !== 'invalid_request' || partNeeds(asking.messages).length === 0) throw thrown
    return routed(needsOfRequest({ ...asking, messages: textsOf(asking.messages) }))
  }
}

function textsOf(messages: ChatMessage[]): ChatMessage[] {
  return messages.map((message) => ({ ...message, content: messageText(message) }))
}

/** Nothing to choose by, or all that can be chosen keep failing: the default model may still answer. */
const isChoiceless: ReadonlySet<string> = new Set(['invalid_request', 'model_unavailable'])

/** Tells the router what a cited answer was worth: the share of its citations that could be verified. */
export function judgeByCitations() {
  let judge: ((outcome: StepOutcome) => void) | undefined
  return {
    follow(route: (outcome: StepOutcome) => void): void {
      judge = route
    },
    tell: (verifiedShare: number): void => judge?.({ kind: 'citations', reward: verifiedShare }),
  }
}
