import type { Webhook } from '../../notifications/webhook-store.ts'

export function webhookObject({ id, url, createdAt, rotatedAt }: Webhook) {
  return { id, object: 'webhook', url, createdAt, ...(rotatedAt === undefined ? {} : { rotatedAt }) }
}
