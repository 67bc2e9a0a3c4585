import { parseValue, SessionId } from '@weft/contracts'
import type { SessionInput } from './session-input.ts'
import type { SessionState, StepState } from './session-state.ts'

/** The session that a first turn begins, in its first epoch; undefined for any other input. */
export function beginSession(input: SessionInput, nowMs: number): SessionState | undefined {
  if (input.type !== 'submit') return undefined
  const { tenant, sessionId, user } = input.request
  const state = newSession({ tenant, sessionId: parseValue(SessionId, sessionId, 'the session id'), user }, nowMs)
  return { ...state, epoch: 1 }
}

export function newSession(
  identity: { tenant: string; sessionId: string; user: string | undefined },
  nowMs: number,
): SessionState {
  return {
    ...identity,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    epoch: 0,
    revision: 0,
    lastSeq: 0,
    lastTurn: 0,
    lastApproval: 0,
    isPaused: false,
    heardSeq: 0,
    deletion: 'none',
    turns: [],
    pastRequests: [],
    errands: [],
    outbox: [],
  }
}

export function newStep(agent: string): StepState {
  return {
    status: 'pending',
    agent,
    agentVersion: undefined,
    attempt: 0,
    interruptions: 0,
    revision: 0,
    epoch: 0,
    notBeforeMs: 0,
    deadlineMs: 0,
    isUnsent: false,
    startedAtMs: undefined,
    endedAtMs: undefined,
    usage: [],
    problem: undefined,
    outcome: undefined,
    found: undefined,
    checkpoint: undefined,
    checkpointCount: 0,
    progressCount: 0,
    approvalId: undefined,
    decisions: [],
    approvedHash: undefined,
    child: undefined,
    shareUsd: undefined,
    isReused: false,
  }
}
