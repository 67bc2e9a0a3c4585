import { attachmentsOf, type ChatMessage, type ExecuteRequest } from '@weft/contracts'
import type { Models } from '../create-models.ts'
import { requestFromChat } from '../model-request.ts'
import { needsOfRequest, partNeeds } from '../routing/request-needs.ts'
import { modelOf } from './model-of-step.ts'
import { isSeen } from './show-attachments.ts'
import { textOptions } from './text-options.ts'

type Attachment = { type: string }

/**
 * The images and files of a step's question that a model can take which the step may ask: the one it prefers, or any that the router may choose. Adds
 * `attachments_left_out` to `degraded` when that is not all of them.
 */
export async function attachmentsForStep(
  models: Models,
  { request, degraded }: { request: ExecuteRequest; degraded: Set<string> },
): Promise<Attachment[]> {
  const attachments = attachmentsOf(request.input.messages)
  if (attachments.length === 0) return []
  const isRouted = models.isRouting && request.model?.prefer === undefined
  const seen = isRouted ? await seenByRouting(models, request, attachments) : await seenByModel(models, request, attachments)
  if (seen.length < attachments.length) degraded.add('attachments_left_out')
  return seen
}

async function seenByModel(models: Models, request: ExecuteRequest, attachments: Attachment[]): Promise<Attachment[]> {
  const model = await modelOf(models, request)
  return attachments.filter((each) => isSeen(each, model))
}

/** What a model of the router's choice can take. A step without wishes may get the default model instead, which may take what no model with a known price does. */
async function seenByRouting(models: Models, request: ExecuteRequest, attachments: Attachment[]): Promise<Attachment[]> {
  const { requires, maxCostUsd } = request.model ?? {}
  const chosen = new Set<string>()
  for (const type of new Set(attachments.map((each) => each.type))) {
    const messages = [messageWith([...chosen, type])]
    const needs = needsOfRequest(requestFromChat('', messages, textOptions(request)))
    const isKnown = partNeeds([messageWith([type])]).length > 0
    // If this cannot be found out now, the call itself will tell.
    const mayRoute = () => models.canRoute({ needs, wishes: { requires, maxCostUsd } }).catch(() => true)
    if (isKnown && (await mayRoute())) chosen.add(type)
  }
  const routed = attachments.filter(({ type }) => chosen.has(type))
  if (routed.length === attachments.length || requires !== undefined || maxCostUsd !== undefined) return routed
  const byDefault = await seenByModel(models, request, attachments)
  return byDefault.length > routed.length ? byDefault : routed
}

function messageWith(types: string[]): ChatMessage {
  return { role: 'user', content: types.map((type) => ({ type })) }
}
