import { WeftError } from '@weft/contracts'
import type { RequestHandler } from 'express'
import { actorOf } from '../../http/request-context.ts'
import type { WebhookDeps } from './webhook-deps.ts'

/** `DELETE /v1/webhooks/{id}`: nothing is sent there any more. */
export function deleteWebhook({ audit }: Pick<WebhookDeps, 'audit'>): RequestHandler {
  return async (request, response) => {
    const id = String(request.params.id)
    const by = actorOf(response)
    await audit.act(by, async ({ webhooks }, note) => {
      if (!(await webhooks.remove({ tenant: by.tenant, id })))
        throw new WeftError('not_found', 'no such webhook', { param: 'id' })
      note({ action: 'webhook.deleted', target: id })
    })
    response.json({ id, object: 'webhook', deleted: true })
  }
}
