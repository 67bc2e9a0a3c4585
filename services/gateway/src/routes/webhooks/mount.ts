import type { RequestHandler, Router } from 'express'
import { createWebhook } from './create-webhook.ts'
import { deleteWebhook } from './delete-webhook.ts'
import { listWebhooks } from './list-webhooks.ts'
import { rotateWebhook } from './rotate-webhook.ts'
import type { WebhookDeps } from './webhook-deps.ts'

/** Webhooks, to which approvals are sent, signed as Standard Webhooks specifies. For administrators of the tenant. */
export function mountWebhooks(router: Router, deps: WebhookDeps, isAdmin: RequestHandler): void {
  router.get('/v1/webhooks', isAdmin, listWebhooks(deps))
  router.post('/v1/webhooks', isAdmin, createWebhook(deps))
  router.post('/v1/webhooks/:id/rotate', isAdmin, rotateWebhook(deps))
  router.delete('/v1/webhooks/:id', isAdmin, deleteWebhook(deps))
}
