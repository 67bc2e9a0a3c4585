import { z } from 'zod'
import { type ChainEnd, type ChainLink, findChainBreak, hashContent } from './hash-chain.ts'

/** What administrators do, the deleting of sessions, files and vector stores by anybody, and what goes into the archive because it is old. */
export const AuditAction = z.enum([
  'key.created',
  'key.revoked',
  'budget.set',
  'budget.deleted',
  'settings.changed',
  'agent.joined',
  'agent.removed',
  'webhook.created',
  'webhook.rotated',
  'webhook.deleted',
  'session.deleted',
  'vector_store.deleted',
  'file.deleted',
  'embeddings.rebuild_started',
  'embeddings.rebuild_cancelled',
  'sessions.archived',
  'calls.archived',
  'audit.archived',
  'approval_history.archived',
])
export type AuditAction = z.infer<typeof AuditAction>

/** One line of a tenant's audit log, as its hash covers it. */
export interface AuditLine {
  /** Counts from 1 without gaps. */
  position: number
  at: string
  /** The key that did it, and whose key it is: whoever runs the mesh may do things of other tenants. */
  by: { keyId: string; name: string; tenant: string }
  /** An {@link AuditAction}, or one of another version of Weft. */
  action: string
  /** The id of what it was done to. */
  target: string
  /** What else is known of it; never a secret. */
  details: Record<string, unknown>
}

export interface ChainedAuditLine extends AuditLine, ChainLink {}

/** A line's hash, which covers the hash before it. */
export function hashAuditLine(previousHash: string, line: AuditLine): string {
  const { position, at, by, action, target, details } = line
  return hashContent(previousHash, { position, at, by, action, target, details })
}

/** Why a line does not follow from the one before it; undefined when it does. */
export function findAuditBreak(line: ChainedAuditLine, before: ChainEnd): string | undefined {
  return findChainBreak(line, before, hashAuditLine)
}
