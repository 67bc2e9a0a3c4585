import type { ApprovalView, ChainedLine } from '@weft/contracts'
import type { ApprovalLog } from '../approvals/approval-log.ts'
import type { PageTokens } from '../http/page-tokens.ts'
import { place } from './turns.ts'

/** A pending approval of the tests' session: sending an e-mail. */
export function approvalOf(more: Partial<ApprovalView> = {}): ApprovalView {
  return {
    id: `appr_${place.sessionId}.1`,
    object: 'approval',
    status: 'pending',
    kind: 'step',
    sessionId: place.sessionId,
    rootSessionId: place.sessionId,
    turn: place.turn,
    stepId: 'send',
    agent: 'mailer',
    capability: 'send',
    action: 'send',
    args: { to: 'ann@example.com' },
    hash: 'a'.repeat(64),
    planVersion: 1,
    reason: 'It leaves the house.',
    risk: 'high',
    context: { question: 'Tell Ann.', dependencies: [] },
    costUsd: { soFar: 0 },
    assignees: [],
    quorum: 1,
    votes: [],
    commentCount: 0,
    requestedAt: '2026-01-01T00:00:00Z',
    escalationLevel: 0,
    ...more,
  }
}

export interface MemoryApprovals extends ApprovalLog {
  kept: ApprovalView[]
  asked: unknown[]
  lines: ChainedLine[]
}

/** What is kept of approvals, in memory: enough for the routes that read it. */
export function createMemoryApprovals(): MemoryApprovals {
  const log: MemoryApprovals = {
    kept: [],
    asked: [],
    lines: [],
    async pending(query) {
      log.asked.push(query)
      return { data: log.kept.filter(({ status }) => status === 'pending').slice(0, query.limit), hasMore: false }
    },
    lastPosition: async () => log.lines.at(-1)?.position ?? 0,
    lastPositions: async (tenants) => new Map(tenants.map((tenant) => [tenant, log.lines.at(-1)?.position ?? 0])),
    historyAnchor: async () => undefined,
    find: async ({ id }) => log.kept.find((approval) => approval.id === id),
    async history(query) {
      log.asked.push(query)
      const lines = log.lines.filter(({ position }) => position > (query.after ?? 0))
      return { data: lines.slice(0, query.limit), hasMore: lines.length > query.limit }
    },
  }
  return log
}

/** Used tokens in memory. */
export function createMemoryPageTokens(): PageTokens {
  const used = new Set<string>()
  return {
    async consume({ token }) {
      const isFirst = !used.has(token)
      used.add(token)
      return isFirst
    },
    async release({ token }) {
      used.delete(token)
    },
  }
}
