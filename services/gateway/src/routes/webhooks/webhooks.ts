import { newId, parseValue, WeftError } from '@weft/contracts'
import { requireOutboundUrl } from '@weft/mesh'
import type { RequestHandler, Router } from 'express'
import { z } from 'zod'
import { newWebhookSecret } from '../../core/webhook-signature.ts'
import { type Webhook, type WebhookStore, webhooksMax } from '../../notifications/webhook-store.ts'
import { tenantOf } from '../../request-context.ts'

export interface WebhookDeps {
  webhooks: WebhookStore
  /** Hosts that may be private. */
  privateHosts: ReadonlySet<string>
}

export const CreateWebhook = z.object({ url: z.string().min(1).max(2_048) })

/** Where approvals are told, signed as Standard Webhooks asks; for administrators of the tenant. */
export function mountWebhooks(router: Router, deps: WebhookDeps, isAdmin: RequestHandler): void {
  router.get('/v1/webhooks', isAdmin, listWebhooks(deps))
  router.post('/v1/webhooks', isAdmin, createWebhook(deps))
  router.post('/v1/webhooks/:id/rotate', isAdmin, rotateWebhook(deps))
  router.delete('/v1/webhooks/:id', isAdmin, deleteWebhook(deps))
}

function listWebhooks({ webhooks }: WebhookDeps): RequestHandler {
  return async (_request, response) => {
    const found = await webhooks.list(tenantOf(response))
    response.json({ object: 'list', data: found.map(webhookObject), has_more: false })
  }
}

function createWebhook({ webhooks, privateHosts }: WebhookDeps): RequestHandler {
  return async (request, response) => {
    const { url } = parseValue(CreateWebhook, request.body ?? {}, 'the request')
    requireOutboundUrl(url, privateHosts)
    const tenant = tenantOf(response)
    const known = await webhooks.list(tenant)
    if (known.length >= webhooksMax) {
      throw new WeftError('conflict', `there are ${known.length} webhooks, the most there can be: remove one first`)
    }
    const secret = newWebhookSecret()
    const made = await webhooks.insert({ id: newId('wh'), tenant, url, secret })
    response.set('cache-control', 'no-store').json({ ...webhookObject(made), secret })
  }
}

/** The secret before still signs for a day, so that receivers can be changed without losing a message. */
function rotateWebhook({ webhooks }: WebhookDeps): RequestHandler {
  return async (request, response) => {
    const secret = newWebhookSecret()
    const rotated = await webhooks.rotate({ tenant: tenantOf(response), id: String(request.params.id), secret })
    if (rotated === undefined) throw new WeftError('not_found', 'no such webhook', { param: 'id' })
    response.set('cache-control', 'no-store').json({ ...webhookObject(rotated), secret })
  }
}

function deleteWebhook({ webhooks }: WebhookDeps): RequestHandler {
  return async (request, response) => {
    const id = String(request.params.id)
    if (!(await webhooks.remove({ tenant: tenantOf(response), id })))
      throw new WeftError('not_found', 'no such webhook', { param: 'id' })
    response.json({ id, object: 'webhook', deleted: true })
  }
}

function webhookObject({ id, url, createdAt, rotatedAt }: Webhook) {
  return { id, object: 'webhook', url, createdAt, ...(rotatedAt === undefined ? {} : { rotatedAt }) }
}
