export interface Webhook {
  id: string
  tenant: string
  url: string
  createdAt: string
  /** When its secret was last replaced. */
  rotatedAt: string | undefined
}

export interface WebhookStore {
  list(tenant: string): Promise<Webhook[]>
  insert(webhook: { id: string; tenant: string; url: string; secret: string }): Promise<Webhook>
  /** Puts a new secret beside those that count now; undefined when there is no such webhook. */
  rotate(webhook: { tenant: string; id: string; secret: string }): Promise<Webhook | undefined>
  /** Whether there was one. */
  remove(webhook: { tenant: string; id: string }): Promise<boolean>
  /** Where a message goes, and every secret that counts now, the newest first. */
  target(webhook: { tenant: string; id: string }): Promise<{ url: string; secrets: string[] } | undefined>
}

/** Webhooks of a tenant at most: each is called for everything that is asked. */
export const webhooksMax = 20
/** How long a replaced secret still signs. */
export const rotationSeconds = 86_400
/** Secrets of a webhook that count at once: one replaced again within the day, as by a request that is repeated, puts out no receiver. */
export const secretsMax = 5
