import type { Generated } from 'kysely'
import type { Bigint, CreatedAt, Json, Timestamp } from './column-types.ts'

/** The tables that administrators write: keys, webhooks, settings and agents, the audit log of it, and what retention has removed. */
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
  /** Every change of a setting, one row each. A null value takes a setting back, so that the environment's counts again. Changes made together share a version. */
  setting_changes: {
    version: Bigint
    name: string
    value: unknown
    key_id: string
    key_name: string
    changed_at: CreatedAt
  }
  /** Append-only; each tenant's lines are a chain of hashes. */
  audit_log: {
    tenant: string
    position: Bigint
    at: Timestamp
    key_id: string
    key_name: string
    key_tenant: string
    action: string
    target: string
    details: Json<object>
    previous_hash: string
    hash: string
  }
  /** How far each history of a tenant was removed. Of a chain of hashes also the last removed line, which the first remaining one follows. */
  retention_anchors: {
    tenant: string
    history: string
    removed_until: Timestamp
    position: Generated<Bigint>
    hash: Generated<string>
    moved_at: CreatedAt
  }
  /** The process that is removing what is old of a tenant: one at a time. */
  retention_leases: { tenant: string; holder: string; expires_at: Timestamp }
  agents: { app_id: string; card: Json<object>; registered_at: CreatedAt }
}
