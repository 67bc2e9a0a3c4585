import type { ApiOperation } from './openapi-operation.ts'

export const webhookOperations: ApiOperation[] = [
  {
    id: 'listWebhooks',
    method: 'get',
    path: '/v1/webhooks',
    summary: 'Where approvals are told',
    scope: 'admin',
    query: ['limit', 'after'],
  },
  {
    id: 'createWebhook',
    method: 'post',
    path: '/v1/webhooks',
    summary: 'Has approvals told to a URL, signed as Standard Webhooks; the secret is shown once',
    scope: 'admin',
    body: { schema: 'CreateWebhook' },
  },
  {
    id: 'rotateWebhook',
    method: 'post',
    path: '/v1/webhooks/{id}/rotate',
    summary: 'A new secret; the one before signs for another day',
    scope: 'admin',
  },
  { id: 'deleteWebhook', method: 'delete', path: '/v1/webhooks/{id}', summary: 'Tells nothing there any more', scope: 'admin' },
]
