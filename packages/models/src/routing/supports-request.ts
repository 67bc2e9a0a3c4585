import type { ModelInfo } from '../registry/catalog.ts'
import type { NeededCapability, RequestNeeds } from './request-needs.ts'

/** Whether a model is known to do what a request asks; otherwise what it lacks, and the field that asks for it. */
export type Support =
  | { isSupported: true }
  | { isSupported: false; missing: NeededCapability | 'context'; param: string; why: string }

export type SupportedModel = Pick<ModelInfo, 'id' | 'capabilities' | 'contextTokens' | 'outputTokensMax' | 'lacksStopSequences'>

/** The context assumed of a model that the registry does not know: no chat model in use holds less. */
const unknownContextTokens = 8_192

/**
 * Compares a request with what the registry says of a model. Only what it states counts, so a model that it does not know supports nothing but plain text of
 * moderate length.
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

/** Stop sequences depend on the wire, not on the registry: all wires but one have a field for them. */
function isAble({ capabilities, lacksStopSequences }: SupportedModel, capability: NeededCapability): boolean {
  return capability === 'stop' ? lacksStopSequences !== true : capabilities?.includes(capability) === true
}
