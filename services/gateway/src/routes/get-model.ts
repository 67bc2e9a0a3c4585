import { modes, WeftError } from '@weft/contracts'
import { type Models, routedModelId } from '@weft/models'
import type { RequestHandler } from 'express'
import { modelObject, modeObject, routedObject } from '../core/model-objects.ts'

/** `GET /v1/models/{id}`. Ids contain a slash, which clients may percent-encode. */
export function getModel(models: Pick<Models, 'get'>): RequestHandler {
  return (request, response) => {
    const id = modelIdOf(request.params.id)
    if (id === routedModelId) {
      response.json(routedObject(id))
      return
    }
    const mode = modes.find((candidate) => `weft/${candidate.id}` === id)
    const model = mode === undefined ? models.get(id) : undefined
    if (mode === undefined && model === undefined) {
      throw new WeftError('model_not_found', `The model '${id.slice(0, 256)}' does not exist.`, { param: 'model' })
    }
    response.json(mode === undefined ? model && modelObject(model) : modeObject(mode))
  }
}

function modelIdOf(param: string | string[] | undefined): string {
  return Array.isArray(param) ? param.join('/') : (param ?? '')
}
