import type { Webhook, WebhookStore } from '../notifications/webhook-store.ts'

export function createMemoryWebhooks(): WebhookStore {
  const webhooks = new Map<string, Webhook & { secrets: string[] }>()
  const find = (tenant: string, id: string) => [webhooks.get(id)].find((webhook) => webhook?.tenant === tenant)
  return {
    list: async (tenant) => [...webhooks.values()].filter((webhook) => webhook.tenant === tenant),
    async insert({ id, tenant, url, secret }) {
      const webhook = { id, tenant, url, secrets: [secret], createdAt: new Date().toISOString(), rotatedAt: undefined }
      webhooks.set(id, webhook)
      return webhook
    },
    async rotate({ tenant, id, secret }) {
      const found = find(tenant, id)
      if (found === undefined) return undefined
      const rotated = { ...found, secrets: [secret, ...found.secrets], rotatedAt: new Date().toISOString() }
      webhooks.set(id, rotated)
      return rotated
    },
    remove: async ({ tenant, id }) => find(tenant, id) !== undefined && webhooks.delete(id),
    target: async ({ tenant, id }) => find(tenant, id),
  }
}
