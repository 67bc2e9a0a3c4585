import type { ExecuteRequest } from '@weft/contracts'
import type { Models } from '../create-models.ts'
import type { ModelInfo } from '../registry/catalog.ts'

/** The model that a step prefers, else the default one; undefined when it cannot be found out now. The call itself will tell why. */
export async function modelOf(models: Models, request: ExecuteRequest): Promise<ModelInfo | undefined> {
  const id = request.model?.prefer ?? (await models.defaultModelId().catch(() => undefined))
  return id === undefined ? undefined : models.get(id)
}
