import { modes } from '@weft/contracts'
import type { Models } from '@weft/models'
import type { RequestHandler } from 'express'
import { modelObject, modeObject } from '../core/model-objects.ts'

/** `GET /v1/models`: the modes, then every model that is available now. */
export function listModels(models: Pick<Models, 'list'>): RequestHandler {
  return async (_request, response) => {
    const available = await models.list()
    response.json({ object: 'list', data: [...modes.map(modeObject), ...available.map(modelObject)] })
  }
}
