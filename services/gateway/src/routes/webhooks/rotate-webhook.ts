import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { newWebhookSecret } from '../../core/webhook-signature.ts'
import { tenantOf } from '../../http/request-context.ts'
import type { WebhookDeps } from './webhook-deps.ts'
import { webhookObject } from './webhook-object.ts'

/**
 * `POST /v1/webhooks/{id}/rotate`: a new secret. The one before still signs for a day, so that receivers can be changed without losing a
 * message.
 */
export function rotateWebhook({ webhooks }: Pick<WebhookDeps, 'webhooks'>): RequestHandler {
  return async (request, response) => {
    const secret = newWebhookSecret()
    const rotated = await webhooks.rotate({ tenant: tenantOf(response), id: String(request.params.id), secret })
    if (rotated === undefined) throw new WeftError('not_found', 'no such webhook', { param: 'id' })
    response.set('cache-control', 'no-store').json({ ...webhookObject(rotated), secret })
  }
}
