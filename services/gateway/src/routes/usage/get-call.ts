import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import type { UsageStore } from '../../usage/usage-store.ts'

/** `GET /v1/usage/calls/{id}`: one call, with the price by which its cost was computed, and the receipt that says why this model was chosen. */
export function getCall(usage: Pick<UsageStore, 'find'>): RequestHandler {
  return async (request, response) => {
    const call = await usage.find({ tenant: tenantOf(response), id: String(request.params.callId) })
    if (call === undefined) {
      const message = 'no such call; one that has just ended is here within a second'
      throw new WeftError('not_found', message, { param: 'call_id' })
    }
    response.json(call)
  }
}
