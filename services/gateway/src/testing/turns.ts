import type { ReplyItem, SessionEvent, SessionView, TurnAnswer, TurnStatus, TurnView, WorkflowPlan } from '@weft/contracts'

/** Makers of the wire's objects, for tests. */
export const place = { tenant: 'default', sessionId: 'sess_1', turn: 1 } as const

export const plan: WorkflowPlan = {
  planId: 'plan_1',
  schemaVersion: 1,
  answerStepId: 'answer',
  steps: ['retrieve', 'answer'].map((stepId, index) => ({
    stepId,
    agent: 'rag',
    capability: stepId,
    params: {},
    dependsOn: index === 0 ? [] : ['retrieve'],
    parallel: false,
  })),
}

export function answerOf(text: string, more: Partial<TurnAnswer> = {}): TurnAnswer {
  const usage = [{ model: 'offline/extractive', inputTokens: 20, outputTokens: 5, costUsd: 0, measured: false }]
  return { text, citations: [], degraded: [], usage, costUsd: 0, ...more }
}

export function eventItem(seq: number, type: SessionEvent['type'], more: Record<string, unknown> = {}): ReplyItem {
  return {
    kind: 'event',
    ...place,
    event: { seq, at: '2026-01-01T00:00:00Z', type, sessionId: place.sessionId, turn: place.turn, ...more },
  }
}

export function textItem(offset: number, delta: string, more: { attempt?: number; stepId?: string } = {}): ReplyItem {
  return { kind: 'text', ...place, stepId: 'answer', attempt: 1, offset, delta, ...more }
}

export function endItem(status: TurnStatus, answer?: TurnAnswer): ReplyItem {
  return { kind: 'end', ...place, status, ...(answer === undefined ? {} : { answer }) }
}

export function turnOf(more: Partial<TurnView> = {}): TurnView {
  return { turn: 1, status: 'running', model: 'weft/auto', acceptedAt: '2026-01-01T00:00:00Z', steps: [], ...more }
}

export function viewOf(turn: Partial<TurnView> = {}, more: Partial<SessionView> = {}): SessionView {
  const status = turn.status ?? 'running'
  const at = '2026-01-01T00:00:00Z'
  return {
    id: place.sessionId,
    object: 'session',
    status,
    createdAt: at,
    updatedAt: at,
    lastSeq: 3,
    turns: [turnOf(turn)],
    ...more,
  }
}
