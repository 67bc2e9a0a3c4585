import type { WebhookStore } from '../../notifications/webhook-store.ts'

export interface WebhookDeps {
  webhooks: WebhookStore
  /** Hosts that may be private. */
  privateHosts: ReadonlySet<string>
}
