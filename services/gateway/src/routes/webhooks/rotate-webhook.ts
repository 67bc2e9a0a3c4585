import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { newWebhookSecret } from '../../core/webhook-signature.ts'
import { actorOf } from '../../http/request-context.ts'
import type { WebhookDeps } from './webhook-deps.ts'
import { webhookObject } from './webhook-object.ts'

/** `POST /v1/webhooks/{id}/rotate`: makes a new secret. The one before still signs for a day, so that receivers can be changed without losing a message. */
export function rotateWebhook({ audit }: Pick<WebhookDeps, 'audit'>): RequestHandler {
  return async (request, response) => {
    const secret = newWebhookSecret()
    const by = actorOf(response)
    const id = String(request.params.id)
    const rotated = await audit.act(by, async ({ webhooks }, note) => {
      const webhook = await webhooks.rotate({ tenant: by.tenant, id, secret })
      if (webhook === undefined) throw new WeftError('not_found', 'no such webhook', { param: 'id' })
      note({ action: 'webhook.rotated', target: id })
      return webhook
    })
    response.set('cache-control', 'no-store').json({ ...webhookObject(rotated), secret })
  }
}
