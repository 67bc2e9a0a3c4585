import type { AuditAction, ChainedAuditLine } from '@weft/contracts'
import type { BudgetStore } from '@weft/models'
import type { KnowledgeStore } from '@weft/retrieval'
import type { AgentStore } from '../agents/agent-store.ts'
import type { Actor } from '../core/actor.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { SettingChanges } from '../live-settings/setting-changes.ts'
import type { WebhookStore } from '../notifications/webhook-store.ts'
import type { ChainAnchor } from './verify-chain.ts'

export interface AuditNote {
  action: AuditAction
  /** The id of what the action is done to. */
  target: string
  /** Never a secret, nor anything that may contain one. */
  details?: Record<string, unknown>
  /** The tenant that the target belongs to; default: the actor's own. An action on another tenant's target is in the logs of both tenants. */
  tenant?: string
}

/** The stores whose changes are audited, within one transaction. */
export interface AuditedStores {
  keys: Pick<KeyStore, 'insert' | 'revoke'>
  budgets: Pick<BudgetStore, 'find' | 'put' | 'remove'>
  settings: SettingChanges
  agents: Pick<AgentStore, 'list' | 'put' | 'remove'>
  webhooks: Pick<WebhookStore, 'list' | 'insert' | 'rotate' | 'remove'>
  knowledge: Pick<KnowledgeStore, 'deleteFile' | 'deleteVectorStore'>
}

/** Changes the stores, and calls `note` for each thing that it has done. */
export type AuditedAct<T> = (stores: AuditedStores, note: (note: AuditNote) => void) => Promise<T>

export interface AuditLog {
  /** Performs the act and writes its notes in one transaction, so that the log has every act that was done, and no other. */
  act<T>(by: Actor, act: AuditedAct<T>): Promise<T>
  /**
   * Writes a note about what another service is about to be asked to do. As it is written before, no such action is missing from the log, but the log may also
   * have one that failed afterwards, or have one twice that was asked for twice.
   */
  note(by: Actor, note: AuditNote): Promise<void>
  /** Oldest first, each line as its hash covers it; `after` is the position of the last line that was read before. */
  list(query: {
    tenant: string
    limit: number
    after: number | undefined
  }): Promise<{ data: ChainedAuditLine[]; hasMore: boolean }>
  /** The last line that was moved into the archive; undefined while none was. */
  anchor(tenant: string): Promise<ChainAnchor | undefined>
}
