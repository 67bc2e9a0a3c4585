import type { ModelInfo } from '../registry/catalog.ts'
import type { NeededCapability, RequestNeeds } from './request-needs.ts'

/** Whether a model provably does what a request asks; else what it lacks and the field that asks for it. */
export type Support =
  | { isSupported: true }
  | { isSupported: false; missing: NeededCapability | 'context'; param: string; why: string }

export type SupportedModel = Pick<ModelInfo, 'id' | 'capabilities' | 'contextTokens' | 'outputTokensMax' | 'lacksStopSequences'>

/** Of a model the registry does not know: no chat model now in use holds less. */
const unknownContextTokens = 8_192

/**
 * Compares a request with what the registry says of a model. What nobody stated is not provable, so a model the registry does not
 * know supports plain text of moderate length only.
 */
export function supportsRequest(model: SupportedModel, { needs, inputTokens, outputTokens }: RequestNeeds): Support {
  const lacking = needs.find(({ capability }) => !isAble(model, capability))
  if (lacking !== undefined) {
    const { capability, param } = lacking
    return { isSupported: false, missing: capability, param, why: `${model.id} is not known to support '${capability}'` }
  }
  const outputMax = model.outputTokensMax
  if (outputTokens !== undefined && outputMax !== undefined && outputTokens > outputMax) {
    const why = `${model.id} answers with ${outputMax} tokens at most`
    return { isSupported: false, missing: 'context', param: 'max_completion_tokens', why }
  }
  const context = model.contextTokens ?? unknownContextTokens
  if (inputTokens + (outputTokens ?? 0) <= context) return { isSupported: true }
  const why = `${model.id} holds ${context} tokens, about ${inputTokens + (outputTokens ?? 0)} are needed`
  return { isSupported: false, missing: 'context', param: 'messages', why }
}

/** The registry tells nothing of stop sequences: all wires but one have a field for them. */
function isAble({ capabilities, lacksStopSequences }: SupportedModel, capability: NeededCapability): boolean {
  return capability === 'stop' ? lacksStopSequences !== true : capabilities?.includes(capability) === true
}
