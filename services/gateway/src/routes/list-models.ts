import { modes } from '@weft/contracts'
import { type Models, routedModelId } from '@weft/models'
import type { RequestHandler } from 'express'
import { modelObject, modeObject, routedObject } from '../core/model-objects.ts'

/** `GET /v1/models`: the modes, the one that routes, then every model that is available now. */
export function listModels(models: Pick<Models, 'list'>): RequestHandler {
  return async (_request, response) => {
    const available = await models.list()
    response.json({
      object: 'list',
      data: [...modes.map(modeObject), routedObject(routedModelId), ...available.map(modelObject)],
    })
  }
}
