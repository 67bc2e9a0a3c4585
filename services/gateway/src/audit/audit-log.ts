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
  /** The id of what it is done to. */
  target: string
  /** Never a secret, nor what may hold one. */
  details?: Record<string, unknown>
  /** Whose it is; default: the actor's own. What is done to another tenant's stands in the logs of both. */
  tenant?: string
}

/** The stores as one transaction sees them. */
export interface AuditedStores {
  keys: Pick<KeyStore, 'insert' | 'revoke'>
  budgets: Pick<BudgetStore, 'find' | 'put' | 'remove'>
  settings: SettingChanges
  agents: Pick<AgentStore, 'list' | 'put' | 'remove'>
  webhooks: Pick<WebhookStore, 'list' | 'insert' | 'rotate' | 'remove'>
  knowledge: Pick<KnowledgeStore, 'deleteFile' | 'deleteVectorStore'>
}

/** An act on the stores, which notes what it has done. */
export type AuditedAct<T> = (stores: AuditedStores, note: (note: AuditNote) => void) => Promise<T>

export interface AuditLog {
  /** Does it and writes down what was noted, both or neither: no such act is missing from the log, and none is in it that was not done. */
  act<T>(by: Actor, act: AuditedAct<T>): Promise<T>
  /**
   * Writes down what another service is about to be asked for. None that was done is missing; one that failed after this, or that was asked for
   * twice, stands there all the same.
   */
  note(by: Actor, note: AuditNote): Promise<void>
  /** Oldest first, each line as its hash covers it; `after` is the position of the last one already read. */
  list(query: {
    tenant: string
    limit: number
    after: number | undefined
  }): Promise<{ data: ChainedAuditLine[]; hasMore: boolean }>
  /** The last line that was removed; undefined while all are there. */
  anchor(tenant: string): Promise<ChainAnchor | undefined>
}
