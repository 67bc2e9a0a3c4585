import type { Catalog, ModelInfo } from '../registry/catalog.ts'
import { outputTokensUsual } from '../routing/model-router.ts'
import type { RequestNeeds } from '../routing/request-needs.ts'
import { supportsRequest } from '../routing/supports-request.ts'
import { type BoundedCall, outputTokensWithin, worstCaseNano } from './core/worst-case.ts'

/**
 * The ids of the models that may answer in place of one that a budget has no room for: those that can do what is asked with a whole answer. If there are none, and
 * the budget cannot even pay a short answer of the wished model, those whose short answer it can pay. When the list is empty, only a short answer of the wished
 * model is left, or none at all.
 */
export async function findCheaper(
  catalog: Pick<Catalog, 'list'>,
  { leftNano, call, needs }: { leftNano: number; call: BoundedCall; needs: RequestNeeds },
): Promise<string[]> {
  const wishedNano = worstCaseNano(call) ?? Number.POSITIVE_INFINITY
  const able = (await catalog.list()).filter((model) => writes(model) && supportsRequest(model, needs).isSupported)
  const priced = able.flatMap((model) => {
    const bounded = { ...call, model }
    const worst = worstCaseNano(bounded)
    const outputTokens = worst === undefined || worst >= wishedNano ? undefined : outputTokensWithin(bounded, leftNano)
    return outputTokens === undefined ? [] : [{ model, outputTokens }]
  })
  const whole = priced.filter(({ model, outputTokens }) => outputTokens >= wholeTokens(model, call))
  const chosen = whole.length > 0 || outputTokensWithin(call, leftNano) !== undefined ? whole : priced
  return chosen.map(({ model }) => model.id)
}

/** Whether a model writes answers of its own. The offline model only quotes its sources. */
function writes({ provider, capabilities, deprecated }: ModelInfo): boolean {
  return provider !== 'offline' && capabilities?.includes('chat') === true && deprecated === undefined
}

function wholeTokens({ outputTokensMax = outputTokensUsual }: ModelInfo, call: BoundedCall): number {
  return Math.min(call.outputTokensMax ?? outputTokensUsual, outputTokensMax)
}
