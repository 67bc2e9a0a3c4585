import { modes } from '@weft/contracts'
import { type Models, routedModelId } from '@weft/models'
import type { RequestHandler } from 'express'
import { modelObject, modeObject, routedObject } from '../core/model-objects.ts'
import { sendList } from './send-list.ts'

/** `GET /v1/models`: the modes, the model that routes, and every model that is available now. */
export function listModels(models: Pick<Models, 'list'>): RequestHandler {
  return async (request, response) => {
    const available = await models.list()
    const items = [...modes.map(modeObject), routedObject(routedModelId), ...available.map(modelObject)]
    await sendList(request, response, { items, idOf: ({ id }) => id })
  }
}
