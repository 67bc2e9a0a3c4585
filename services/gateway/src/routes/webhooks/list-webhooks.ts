import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import { sendList } from '../send-list.ts'
import type { WebhookDeps } from './webhook-deps.ts'
import { webhookObject } from './webhook-object.ts'

/** `GET /v1/webhooks`: the tenant's webhooks, without their secrets. */
export function listWebhooks({ webhooks, places }: Pick<WebhookDeps, 'webhooks' | 'places'>): RequestHandler {
  return async (request, response) => {
    const tenant = tenantOf(response)
    const found = await webhooks.list(tenant)
    const behind = (id: string) => places.behind('webhooks', { tenant, id })
    await sendList(request, response, { items: found.map(webhookObject), idOf: ({ id }) => id, behind })
  }
}
