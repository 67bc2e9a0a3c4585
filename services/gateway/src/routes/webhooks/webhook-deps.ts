import type { ListPlaces } from '../../http/list-places.ts'
import type { AuditLog } from '../../audit/audit-log.ts'
import type { WebhookStore } from '../../notifications/webhook-store.ts'

export interface WebhookDeps {
  webhooks: Pick<WebhookStore, 'list'>
  places: ListPlaces
  audit: Pick<AuditLog, 'act'>
  /** Hosts in private networks that webhooks may call all the same. */
  privateHosts: ReadonlySet<string>
}
