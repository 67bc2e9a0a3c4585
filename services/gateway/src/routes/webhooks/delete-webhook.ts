import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import type { WebhookDeps } from './webhook-deps.ts'

/** `DELETE /v1/webhooks/{id}`: nothing is told there any more. */
export function deleteWebhook({ webhooks }: Pick<WebhookDeps, 'webhooks'>): RequestHandler {
  return async (request, response) => {
    const id = String(request.params.id)
    if (!(await webhooks.remove({ tenant: tenantOf(response), id })))
      throw new WeftError('not_found', 'no such webhook', { param: 'id' })
    response.json({ id, object: 'webhook', deleted: true })
  }
}
