import type { CallControls } from '../attempt/call-controls.ts'
import type { Models } from '../create-models.ts'
import { ModelError } from '../model-error.ts'
import { type ModelSettings, textSetting } from '../model-settings.ts'
import { createApiReranker } from './api-reranker.ts'
import { createJudge } from './judge-reranker.ts'
import type { RerankModel } from './rerank-model.ts'
import { type RerankWire, rerankWires } from './rerank-wire.ts'

/** What WEFT_RERANKER may say: `off`, a provider's model, or `judge/` and the public id of a chat model. */
export const rerankerPattern = /^(off|(cohere|voyage|jina)\/\S+|judge\/[^\s/]+\/\S+)$/

export type Rerankers = {
  /** The reranker that WEFT_RERANKER names; undefined: none. */
  readonly chosen: string | undefined
  /** Makes a reranker. Throws ModelError naming what is missing. */
  of(id: string): RerankModel
}

/** The rerankers these settings make available. Nothing is contacted. */
export function createRerankers(
  settings: ModelSettings,
  { models, controls = {} }: { models: Pick<Models, 'complete'>; controls?: CallControls },
): Rerankers {
  const chosen = textSetting(settings, 'WEFT_RERANKER')

  function make(id: string): RerankModel {
    if (!rerankerPattern.test(id) || id === 'off') throw new ModelError('model_not_found', `there is no reranker "${id}"`)
    if (id.startsWith('judge/')) return createJudge(id, models)
    const wire = rerankWires.find(({ provider }) => id.startsWith(`${provider}/`))
    if (wire === undefined) throw new ModelError('model_not_found', `there is no reranker "${id}"`)
    return createApiReranker({ id, wire, controls, ...reach(wire, id) })
  }

  /** Where a wire is reached. A server at an address that the user set may need no key. */
  function reach(wire: RerankWire, id: string): { baseUrl: string; apiKey: string | undefined } {
    const own = chosen === id ? textSetting(settings, 'WEFT_RERANKER_BASE_URL') : undefined
    const baseUrl = own ?? textSetting(settings, wire.baseUrlVariable)
    const apiKey = wire.keyVariables.flatMap((variable) => textSetting(settings, variable) ?? [])[0]
    if (apiKey === undefined && baseUrl === undefined)
      throw new ModelError('model_not_found', `the reranker ${id} needs ${wire.keyVariables[0]}, which is not set`)
    return { baseUrl: baseUrl ?? wire.baseUrl, apiKey }
  }

  return { chosen: chosen === 'off' ? undefined : chosen, of: make }
}
