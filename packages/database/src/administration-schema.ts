import type { Generated } from 'kysely'
import type { Bigint, CreatedAt, Json, Timestamp } from './column-types.ts'

/** Tables of what administrators do: keys, webhooks, settings, agents. */
export interface AdministrationSchema {
  api_keys: {
    id: string
    tenant: string
    name: string
    key_hash: Buffer
    key_prefix: string
    scopes: string[]
    roles: Generated<string[]>
    created_at: CreatedAt
    expires_at: Timestamp | null
    revoked_at: Timestamp | null
    limits: unknown
  }
  webhooks: { tenant: string; id: string; url: string; secrets: string[]; created_at: CreatedAt; rotated_at: Timestamp | null }
  /** Every change of a setting; a null value has the environment's hold again. Those made together share a version. */
  setting_changes: {
    version: Bigint
    name: string
    value: unknown
    key_id: string
    key_name: string
    changed_at: CreatedAt
  }
  agents: { app_id: string; card: Json<object>; registered_at: CreatedAt }
}
