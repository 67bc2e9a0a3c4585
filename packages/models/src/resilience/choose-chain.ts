import { ModelError } from '../model-error.ts'
import type { Catalog, ModelInfo } from '../registry/catalog.ts'
import type { RequestNeeds } from '../routing/request-needs.ts'
import { supportsRequest } from '../routing/supports-request.ts'

/** How many models a chain has at most: the wished one and two others. */
export const chainMax = 3

export interface ChainWishes {
  /** Overrides the registry's. */
  fallbacks?: readonly string[] | undefined
}

/**
 * The ids of the models that may answer a request, the wished one first. Of its fallbacks only those are used that are known to support what the request asks.
 * Throws ModelError for a fallback in `fallbacks` that is not available.
 */
export function chooseChain(
  catalog: Pick<Catalog, 'get'>,
  wished: string,
  { fallbacks, needs }: ChainWishes & { needs(): RequestNeeds },
): string[] {
  const model = catalog.get(wished)
  const named = fallbacks?.map((id) => requireFallback(catalog, id)) ?? knownFallbacks(catalog, model)
  if (model === undefined || named.length === 0) return [wished]
  const asked = needs()
  const able = named.filter((candidate) => candidate.id !== model.id && supportsRequest(candidate, asked).isSupported)
  return [model.id, ...new Set(able.map(({ id }) => id))].slice(0, chainMax)
}

/** The registry's fallbacks that are available: it is the same for every installation, and some may have no key here. */
function knownFallbacks(catalog: Pick<Catalog, 'get'>, model: ModelInfo | undefined): ModelInfo[] {
  return (model?.fallbacks ?? []).flatMap((id) => catalog.get(id) ?? [])
}

function requireFallback(catalog: Pick<Catalog, 'get'>, id: string): ModelInfo {
  const model = catalog.get(id)
  if (model !== undefined) return model
  throw new ModelError('model_not_found', `The model '${id}' is not available as a fallback.`, { param: 'weft.fallbacks' })
}
