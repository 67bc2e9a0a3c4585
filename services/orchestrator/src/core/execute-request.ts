import type { AgentContext, DependencyResult, ExecuteRequest } from '@weft/contracts'
import { rootAcceptedAtMs } from './child-session.ts'
import { findTurn } from './find-turn.ts'
import { sessionLimits } from './session-limits.ts'
import type { SessionState, StepRef, StepState, TurnState } from './session-state.ts'
import { stepTimeoutMs } from './start-step.ts'

export interface StepRequest {
  agent: string
  idempotencyKey: string
  traceparent: string | undefined
  /** When the turn was accepted that the client began, in epoch milliseconds. */
  rootAcceptedAtMs: number
  /** Whether its session has to have noted that it is sent before it is. */
  isNotedFirst: boolean
  /** Until when it may wait for a place at its agent, in epoch milliseconds. */
  placeByMs: number
  /** How long the attempt may take from when it is sent; until then `body.deadline` says when it would be over had it been sent at once. */
  timeoutMs: number
  body: ExecuteRequest
}

/** What an agent is sent for one attempt; undefined when that attempt is no longer current. */
export function executeRequest(state: SessionState, ref: StepRef): StepRequest | undefined {
  const turn = findTurn(state, ref.turn)
  const step = turn?.plan?.steps.find((candidate) => candidate.stepId === ref.stepId)
  const current = turn?.steps[ref.stepId]
  if (turn === undefined || step === undefined || current === undefined) return undefined
  if (current.status !== 'dispatched' || current.attempt !== ref.attempt || current.epoch !== ref.epoch) return undefined
  const dependencies = step.dependsOn.map((stepId): [string, DependencyResult] => {
    const dependency = turn.steps[stepId]
    const { output, citations = [] } = dependency?.outcome ?? {}
    return [stepId, { status: dependency?.status ?? 'skipped', output, citations }]
  })
  const { request } = turn
  const { shareUsd, deadlineMs } = current
  const timeoutMs = stepTimeoutMs(step)
  return {
    agent: current.agent,
    idempotencyKey: keyOf(state, ref, current),
    traceparent: request.traceparent,
    rootAcceptedAtMs: rootAcceptedAtMs(turn),
    isNotedFirst: step.idempotent === false,
    placeByMs: deadlineMs - timeoutMs + sessionLimits.attemptWaitMsMax,
    timeoutMs,
    body: {
      sessionId: state.sessionId,
      turn: ref.turn,
      stepId: ref.stepId,
      attempt: ref.attempt,
      capability: step.capability,
      params: { ...withoutApprovals(step.params), ...approvalParams(current) },
      input: { messages: request.messages },
      dependencies: Object.fromEntries(dependencies),
      context: {
        tenant: state.tenant,
        ...accountOf(state, request),
        vectorStoreIds: request.vectorStoreIds,
        modelOptions: request.modelOptions,
        ...wishesOf(request.options),
      },
      deadline: new Date(deadlineMs).toISOString(),
      ...(shareUsd === undefined ? {} : { budget: { maxCostUsd: shareUsd } }),
      ...(step.model === undefined ? {} : { model: step.model }),
      ...(current.checkpoint === undefined ? {} : { checkpoint: current.checkpoint }),
    },
  }
}

/** What the client asked for that concerns agents. */
function wishesOf({ unverified, latencyBudgetMs }: TurnState['request']['options']): Partial<AgentContext> {
  return { ...(unverified === undefined ? {} : { unverified }), ...(latencyBudgetMs === undefined ? {} : { latencyBudgetMs }) }
}

/** A turn may name another user than the one its session began with. */
function accountOf(
  { user: sessionUser }: SessionState,
  { user = sessionUser, keyId }: TurnState['request'],
): Partial<AgentContext> {
  return { ...(user === undefined ? {} : { user }), ...(keyId === undefined ? {} : { keyId }) }
}

/** Stable over all attempts at the same work; what a person had changed in between is other work, not to be answered from the kept result. */
function keyOf({ sessionId }: SessionState, { turn, stepId }: StepRef, { revision }: StepState): string {
  return [sessionId, turn, stepId, ...(revision === 0 ? [] : [revision])].join('/')
}

/** A plan is written by whoever asks: it decides nothing in the place of approvers. */
function withoutApprovals({ approval: _, approvals: __, ...params }: Record<string, unknown>): Record<string, unknown> {
  return params
}

/** What was decided about what the agent asked: the newest decision, and all of them. */
function approvalParams({ decisions }: StepState): Record<string, unknown> {
  const approvals = decisions.filter((decision) => decision.kind === 'agent')
  return approvals.length === 0 ? {} : { approval: approvals.at(-1), approvals }
}
