import {
  type ApprovalEntryKind,
  type ApprovalKind,
  approvalId,
  lastQuestion,
  type Risk,
  startOfText,
  type WorkflowStep,
} from '@weft/contracts'
import { findPolicy, joinTerms, riskDefault } from './approval-terms.ts'
import { hashApproval } from './hash-approval.ts'
import type { SessionDraft } from './session-draft.ts'
import type { ApprovalQuestion, ApprovalState, StepState, TurnState } from './session-state.ts'
import { textOfOutput } from './text-of-output.ts'
import { versionOf } from './version-of.ts'
import { viewApproval } from './view-approval.ts'

/** What is asked about, and why. */
export interface Asking {
  kind: ApprovalKind
  action: string
  args: unknown
  reason: string
  risk: Risk | undefined
}

/** What is about to be done, in the words an approver reads. */
export function actionOf(agent: string, capability: string): string {
  return `${agent}: ${capability}`
}

export function retryActionOf(capability: string): string {
  return `try ${capability} again`
}

/** Longest part of a question or an output that an approver is shown as context, in characters. */
const excerptCharsMax = 500

/** Puts a step before its approvers; until they decide it does nothing. */
export function askApproval(draft: SessionDraft, { turn, step }: { turn: number; step: WorkflowStep }, asking: Asking): void {
  const owner = draft.editTurn(turn)
  const state = draft.editStep(turn, step.stepId)
  const session = draft.editSession()
  session.lastApproval += 1
  const question = questionOf(owner, { step, state, asking })
  const { assignees, quorum, timeoutMs, remindBeforeMs } = question.terms
  const deadlineMs = timeoutMs === undefined ? undefined : draft.nowMs + timeoutMs
  const approval: ApprovalState = {
    id: approvalId(session.sessionId, session.lastApproval),
    kind: asking.kind,
    stepId: step.stepId,
    question,
    questionVersion: 1,
    status: 'pending',
    hash: hashApproval({ ...boundStep(draft, owner, question), stepId: step.stepId }),
    planVersion: owner.planVersion,
    assignees,
    quorum,
    votes: [],
    changes: [],
    commentCount: 0,
    delegations: [],
    requestedAtMs: draft.nowMs,
    deadlineMs,
    remindAtMs: remindAt(draft.nowMs, deadlineMs, remindBeforeMs),
    snoozedUntilMs: undefined,
    escalationLevel: 0,
    decision: undefined,
  }
  state.status = 'awaiting_approval'
  state.approvalId = approval.id
  draft.addApproval(turn, approval)
  noteApproval(draft, { turn, approval }, { kind: 'requested', by: 'session' })
}

/** A reminder a while before the deadline, when there is that much time. */
export function remindAt(nowMs: number, deadlineMs: number | undefined, remindBeforeMs: number | undefined): number | undefined {
  if (deadlineMs === undefined || remindBeforeMs === undefined) return undefined
  const atMs = deadlineMs - remindBeforeMs
  return atMs > nowMs ? atMs : undefined
}

export interface ApprovalEntry {
  kind: ApprovalEntryKind
  by: string
  [more: string]: unknown
}

/** Tells the log what became of an approval: its whole state, and the entry for its history. */
export function noteApproval(
  draft: SessionDraft,
  { turn, approval }: { turn: number; approval: ApprovalState },
  entry: ApprovalEntry,
): void {
  const owner = draft.findTurn(turn)
  if (owner === undefined) return
  const { stepId, kind } = approval
  const step = owner.steps[stepId]
  // An approval of kind `step` is asked for before an attempt; the others end one, and so tell which version of the agent made it.
  const version = entry.kind === 'requested' && kind !== 'step' && step !== undefined ? versionOf(step) : {}
  draft.log(eventTypeOf(entry.kind), turn, { stepId, ...version, approval: viewApproval(draft.session, owner, approval), entry })
}

function eventTypeOf(kind: ApprovalEntryKind): 'approval.requested' | 'approval.decided' | 'step.progress' {
  if (kind === 'requested') return 'approval.requested'
  return kind === 'decided' ? 'approval.decided' : 'step.progress'
}

/** The hash a step's own arguments have now; an approval counts only for exactly this. */
export function hashOfStep(draft: SessionDraft, turn: TurnState, step: WorkflowStep): string {
  const agent = turn.steps[step.stepId]?.agent ?? step.agent
  const { stepId, capability, params } = step
  return hashApproval({ ...boundStep(draft, turn, { agent, capability, args: params }), stepId })
}

/** The hash an approval has under its turn's plan as it is now. */
export function hashOfQuestion(draft: SessionDraft, turn: TurnState, { stepId, question }: ApprovalState): string {
  return hashApproval({ ...boundStep(draft, turn, question), stepId })
}

function boundStep(
  { session }: SessionDraft,
  { turn, planVersion }: TurnState,
  { agent, capability, args }: Pick<ApprovalQuestion, 'agent' | 'capability' | 'args'>,
) {
  return { sessionId: session.sessionId, turn, agent, capability, args, planVersion }
}

function questionOf(
  turn: TurnState,
  { step, state, asking }: { step: WorkflowStep; state: StepState; asking: Asking },
): ApprovalQuestion {
  const { agent } = state
  const { capability } = step
  const risk = asking.risk ?? step.approval?.risk ?? riskDefault
  const policy = findPolicy(turn.policies, { agent, capability, risk, kind: asking.kind })
  return {
    agent,
    capability,
    action: asking.action,
    args: asking.args,
    reason: asking.reason,
    impact: impactOf(turn, step),
    risk,
    policy: policy?.name,
    suggestion: suggestionOf(turn, step),
    context: contextOf(turn, step),
    costUsd: costOf(turn),
    terms: joinTerms(step.approval, policy),
  }
}

/** Names the steps that directly depend on this one. */
function impactOf(turn: TurnState, { stepId }: WorkflowStep): string | undefined {
  const waiting = (turn.plan?.steps ?? []).filter((other) => other.dependsOn.includes(stepId)).map((other) => other.stepId)
  return waiting.length === 0 ? undefined : `${waiting.join(', ')} ${waiting.length === 1 ? 'waits' : 'wait'} for it`
}

/** Suggests what the least certain of the step's dependencies says; nothing where the step depends on none. */
function suggestionOf(turn: TurnState, { dependsOn }: WorkflowStep): ApprovalQuestion['suggestion'] {
  const known = dependsOn.flatMap((stepId) => {
    const outcome = turn.steps[stepId]?.outcome
    return outcome === undefined ? [] : [{ stepId, ...outcome }]
  })
  if (known.length === 0) return undefined
  const confidence = Math.min(...known.map((outcome) => outcome.confidence))
  return {
    decision: confidence >= 0.5 ? 'approve' : 'reject',
    confidence,
    evidence: known.map(({ stepId, confidence: own, citations }) => {
      const files = [...new Set(citations.map((citation) => citation.filename))]
      return `${stepId}: confidence ${own}${files.length === 0 ? '' : `, from ${files.join(', ')}`}`.slice(0, excerptCharsMax)
    }),
  }
}

function contextOf(turn: TurnState, { dependsOn }: WorkflowStep): ApprovalQuestion['context'] {
  return {
    question: cut(lastQuestion(turn.request.messages)),
    dependencies: dependsOn.map((stepId) => {
      const state = turn.steps[stepId]
      return { stepId, status: state?.status ?? 'skipped', excerpt: cut(textOfOutput(state?.outcome?.output)) }
    }),
  }
}

function cut(text: string): string {
  return text.length <= excerptCharsMax ? text : `${startOfText(text, excerptCharsMax - 1)}…`
}

function costOf(turn: TurnState): ApprovalQuestion['costUsd'] {
  const usage = Object.values(turn.steps).flatMap((step) => step.usage)
  const soFar = usage.reduce((sum, used) => sum + used.costUsd, 0)
  const expected = turn.plan?.estimate?.costUsd.expected
  return expected === undefined ? { soFar } : { soFar, ahead: Math.max(0, expected - soFar) }
}
