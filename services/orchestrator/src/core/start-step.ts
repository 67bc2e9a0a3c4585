import type { WorkflowStep } from '@weft/contracts'
import { findPolicy, riskDefault } from './approval-terms.ts'
import { type Asking, actionOf, askApproval, hashOfStep } from './ask-approval.ts'
import { childSessionId, childTimeoutMsDefault, isChildStep } from './child-session.ts'
import { judgeStep } from './judge-step.ts'
import type { SessionDraft } from './session-draft.ts'
import type { TurnState } from './session-state.ts'
import { shareOfBudget } from './turn-budget.ts'
import { versionOf } from './version-of.ts'

/** How long a step may take when its plan does not say. */
const stepTimeoutMsDefault = 300_000

/** How long an attempt of a step at an agent may take. */
export function stepTimeoutMs({ timeoutMs = stepTimeoutMsDefault }: WorkflowStep): number {
  return timeoutMs
}

/**
 * The only way to an agent. A step that a changed plan has wait for others goes back to waiting, and in a paused session it is held until that is resumed. A
 * step that needs an approval, by its plan or by a policy, and has none for exactly what it is about to do, asks for it. Any other starts its next attempt.
 */
export function startStep(draft: SessionDraft, turn: number, step: WorkflowStep): void {
  const owner = draft.findTurn(turn)
  if (owner === undefined) return
  if (judgeStep(step, owner.steps) !== 'run') {
    draft.editStep(turn, step.stepId).status = 'pending'
    return
  }
  if (draft.session.isPaused) {
    holdStep(draft, turn, step)
    return
  }
  const asking = gateOf(owner, step)
  const isGranted = asking === undefined || owner.steps[step.stepId]?.approvedHash === hashOfStep(draft, owner, step)
  if (isGranted) dispatchStep(draft, turn, step)
  else askApproval(draft, { turn, step }, asking)
}

/** The step starts as soon as the session is resumed. Only here `step.ready` is logged: a step that need not wait goes from pending to dispatched. */
function holdStep(draft: SessionDraft, turn: number, { stepId }: WorkflowStep): void {
  const state = draft.editStep(turn, stepId)
  if (state.status !== 'ready') draft.log('step.ready', turn, { stepId, cause: 'the session is paused' })
  state.status = 'ready'
  state.notBeforeMs = draft.nowMs
}

/** What has to be approved before the step may start; undefined where neither its plan nor a policy asks for an approval. */
function gateOf(turn: TurnState, step: WorkflowStep): Asking | undefined {
  const agent = turn.steps[step.stepId]?.agent ?? step.agent
  const { capability, approval, params } = step
  const risk = approval?.risk ?? riskDefault
  const policy = findPolicy(turn.policies, { agent, capability, risk, kind: 'step' })
  if (approval === undefined && policy?.isRequired !== true) return undefined
  const reason =
    approval?.reason ?? policy?.reason ?? `the policy "${policy?.name ?? ''}" asks before ${agent} does "${capability}"`
  return { kind: 'step', action: actionOf(agent, capability), args: params, reason, risk }
}

function dispatchStep(draft: SessionDraft, turn: number, step: WorkflowStep): void {
  const owner = draft.findTurn(turn)
  const shareUsd = owner === undefined ? undefined : shareOfBudget(owner, step)
  const state = draft.editStep(turn, step.stepId)
  state.shareUsd = shareUsd
  state.status = 'dispatched'
  state.attempt += 1
  state.epoch = draft.session.epoch
  state.startedAtMs ??= draft.nowMs
  const isChild = isChildStep(state)
  state.agentVersion = isChild ? undefined : draft.agentVersions[state.agent]
  state.deadlineMs = draft.nowMs + (isChild ? (step.timeoutMs ?? childTimeoutMsDefault) : stepTimeoutMs(step))
  const { stepId } = step
  const { attempt, epoch, agent } = state
  state.isUnsent = step.idempotent === false && !isChild
  if (!isChild) {
    state.child = undefined
    draft.log('step.dispatched', turn, { stepId, agent, attempt, ...versionOf(state) })
    draft.command({ type: 'dispatch', turn, stepId, epoch, attempt })
    return
  }
  const sessionId = childSessionId(draft.session, turn, { stepId, step: state })
  if (state.child?.sessionId !== sessionId)
    state.child = { sessionId, status: 'running', approvals: [], toldSeq: 0, changedSeq: 0, waitsSinceMs: undefined }
  draft.log('step.dispatched', turn, { stepId, agent, attempt, childSessionId: sessionId })
  draft.command({ type: 'visit', turn, stepId, epoch, attempt })
}
