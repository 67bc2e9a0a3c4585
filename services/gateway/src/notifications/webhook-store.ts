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
  /** Adds a new secret to those that sign now; resolves to undefined when there is no such webhook. */
  rotate(webhook: { tenant: string; id: string; secret: string }): Promise<Webhook | undefined>
  /** Resolves to whether there was such a webhook. */
  remove(webhook: { tenant: string; id: string }): Promise<boolean>
  /** Where a message goes, and every secret that it is signed with now, the newest first. */
  target(webhook: { tenant: string; id: string }): Promise<{ url: string; secrets: string[] } | undefined>
}

/** How many webhooks a tenant may have. All of them are called for every approval and alert. */
export const webhooksMax = 20
/** How long a secret that was replaced still signs. */
export const rotationSeconds = 86_400
/**
 * How many secrets of a webhook sign at once. With several, a secret that is replaced again within the day, for instance because a request was repeated, still
 * leaves receivers time to change theirs.
 */
export const secretsMax = 5
