import { parseValue } from '@weft/contracts'
import type { Models } from '@weft/models'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { identityOf } from '../http/request-context.ts'

export const CheckModels = z.strictObject({
  /** Only these; default: every model that is available. */
  models: z.array(z.string().min(1).max(256)).min(1).max(100).optional(),
  /** Whether each model that writes is called once, for a few tokens. */
  call: z.boolean().default(false),
})

/** `POST /v1/models/check`: whether providers are reached, their keys are valid, their models are served, and the prices of these are known. */
export function checkModels(models: Pick<Models, 'check'>): RequestHandler {
  return async (request, response) => {
    const wish = parseValue(CheckModels, request.body ?? {}, 'the request')
    const { tenant, keyId } = identityOf(response)
    const callsAs = wish.call ? { tenant, keyId, agent: 'gateway' } : undefined
    response.json({ object: 'models.check', ...(await models.check({ ids: wish.models, callsAs })) })
  }
}
