import { newId, parseValue, WeftError } from '@weft/contracts'
import { requireOutboundUrl } from '@weft/mesh'
import type { RequestHandler } from 'express'
import { z } from 'zod'
import { newWebhookSecret } from '../../core/webhook-signature.ts'
import { actorOf } from '../../http/request-context.ts'
import { webhooksMax } from '../../notifications/webhook-store.ts'
import type { WebhookDeps } from './webhook-deps.ts'
import { webhookObject } from './webhook-object.ts'

export const CreateWebhook = z.strictObject({ url: z.string().min(1).max(2_048) })

/** `POST /v1/webhooks`: sends approvals to a URL from now on. This answer is the only place where the secret is shown. */
export function createWebhook({ audit, privateHosts }: Pick<WebhookDeps, 'audit' | 'privateHosts'>): RequestHandler {
  return async (request, response) => {
    const { url } = parseValue(CreateWebhook, request.body ?? {}, 'the request')
    requireOutboundUrl(url, privateHosts)
    const by = actorOf(response)
    const { tenant } = by
    const secret = newWebhookSecret()
    const made = await audit.act(by, async ({ webhooks }, note) => {
      const known = await webhooks.list(tenant)
      if (known.length >= webhooksMax) {
        throw new WeftError('conflict', `there are ${known.length} webhooks, the most there can be: remove one first`)
      }
      const webhook = await webhooks.insert({ id: newId('wh'), tenant, url, secret })
      // Only the origin, because the rest of an address may be a secret that keeps others from calling it.
      note({ action: 'webhook.created', target: webhook.id, details: { origin: new URL(url).origin } })
      return webhook
    })
    response.set('cache-control', 'no-store').json({ ...webhookObject(made), secret })
  }
}
