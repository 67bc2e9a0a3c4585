import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import { sendList } from '../send-list.ts'
import type { WebhookDeps } from './webhook-deps.ts'
import { webhookObject } from './webhook-object.ts'

/** `GET /v1/webhooks`: all of the tenant's, without their secrets. */
export function listWebhooks({ webhooks }: Pick<WebhookDeps, 'webhooks'>): RequestHandler {
  return async (request, response) => {
    const found = await webhooks.list(tenantOf(response))
    sendList(request, response, { items: found.map(webhookObject), idOf: ({ id }) => id })
  }
}
