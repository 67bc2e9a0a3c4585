import type { WorkflowStep } from '@weft/contracts'
import { abortAttempt } from './abort-attempt.ts'
import { failAttempt } from './fail-step.ts'
import { activeTurn } from './find-turn.ts'
import { retryDelayMsMax } from './retry-delay.ts'
import type { SessionDraft } from './session-draft.ts'
import { sessionLimits } from './session-limits.ts'
import type { SessionState, StepRef, StepState, TurnState } from './session-state.ts'
import { settleTurn } from './settle-turn.ts'
import { startStep } from './start-step.ts'
import { approvalTimesMs, tickApprovals } from './tick-approvals.ts'

/**
 * An agent that keeps its deadline ends the attempt by itself, and one that does not is cut off by its host. An attempt whose host has not told of it this
 * much later is given up here: it may first have waited for a place at its agent.
 */
const attemptGraceMs = sessionLimits.attemptWaitMsMax + 5_000
/** The same for a child session, which waits for no place. */
const childGraceMs = 2_000

/**
 * A new activation takes a new epoch: whatever earlier hosts still run no longer counts, and their work is dispatched again
 * (agents join running work of the same key, and answer finished work from what they kept).
 */
export function activateSession(draft: SessionDraft): void {
  draft.editSession().epoch += 1
  const turn = draft.activeTurn()
  for (const step of turn?.plan?.steps ?? []) if (turn !== undefined) startAgain(draft, turn.turn, step)
}

/** Looks at the turn afresh each time, because the interruption of a step before this one may have ended it. */
function startAgain(draft: SessionDraft, turn: number, step: WorkflowStep): void {
  const owner = draft.findTurn(turn)
  const state = owner?.steps[step.stepId]
  if (owner?.phase !== 'running' || state?.status !== 'dispatched') return
  if (state.child !== undefined) {
    visitAgain(draft, turn, step.stepId)
    return
  }
  if (step.idempotent === false && !state.isUnsent) {
    failInterrupted(draft, { turn, stepId: step.stepId, ...attemptOf(state) })
    return
  }
  draft.editStep(turn, step.stepId).interruptions += 1
  startStep(draft, turn, step)
}

/** A child session runs on whatever happens to its parent's host, so that it is only asked how far it is. */
function visitAgain(draft: SessionDraft, turn: number, stepId: string): void {
  const state = draft.editStep(turn, stepId)
  state.epoch = draft.session.epoch
  draft.command({ type: 'visit', turn, stepId, ...attemptOf(state) })
}

function attemptOf({ epoch, attempt }: StepState): { epoch: number; attempt: number } {
  return { epoch, attempt }
}

function failInterrupted(draft: SessionDraft, ref: StepRef): void {
  const problem = { code: 'dependency_unavailable' as const, message: 'it was interrupted', isRetryable: true }
  failAttempt(draft, ref, { problem, mayHaveHappened: true })
}

/** Asks again for whatever should be happening by now, whether or not it was asked for before; the host ignores what it is doing already. */
export function tickSession(draft: SessionDraft): void {
  const turn = draft.activeTurn()
  if (turn?.phase === 'running') tickSteps(draft, turn)
  else if (turn?.phase === 'planning' && !draft.session.isPaused && dueMs(turn.planNotBeforeMs, draft.nowMs) <= draft.nowMs) {
    draft.command({ type: 'plan', turn: turn.turn, planAttempt: turn.planAttempt })
  }
}

/** When a wait is over. No wait is longer than the longest retry delay: one that seems to be was set before the clock was set back, and is over at once. */
function dueMs(notBeforeMs: number, nowMs: number): number {
  return notBeforeMs > nowMs + retryDelayMsMax ? nowMs : notBeforeMs
}

function tickSteps(draft: SessionDraft, turn: TurnState): void {
  tickApprovals(draft, turn.turn)
  for (const step of turn.plan?.steps ?? []) {
    const state = draft.findTurn(turn.turn)?.steps[step.stepId]
    if (state === undefined || draft.findTurn(turn.turn)?.phase !== 'running') continue
    const isDue = dueMs(state.notBeforeMs, draft.nowMs) <= draft.nowMs && !draft.session.isPaused
    if (state.status === 'ready' && isDue) startStep(draft, turn.turn, step)
    else if (state.status === 'dispatched') tickDispatched(draft, turn.turn, { stepId: step.stepId, state })
  }
  settleTurn(draft, turn.turn)
}

function tickDispatched(draft: SessionDraft, turn: number, { stepId, state }: { stepId: string; state: StepState }): void {
  const { epoch, attempt } = state
  if (draft.nowMs < giveUpMs(state) || state.child?.status === 'awaiting_approval') {
    draft.command({ type: state.child === undefined ? 'dispatch' : 'visit', turn, stepId, epoch, attempt })
    return
  }
  abortAttempt(draft, { turn, stepId, state })
  const message = `step "${stepId}" did not end before its deadline (${new Date(state.deadlineMs).toISOString()})`
  failAttempt(
    draft,
    { turn, stepId, epoch, attempt },
    { problem: { code: 'timeout', message, isRetryable: true }, mayHaveHappened: !state.isUnsent },
  )
}

function giveUpMs({ deadlineMs, child }: StepState): number {
  return deadlineMs + (child === undefined ? attemptGraceMs : childGraceMs)
}

/** When the next tick has something to do, in epoch milliseconds; undefined while nothing but answers is waited for. */
export function nextWakeMs(state: SessionState, nowMs: number): number | undefined {
  const turn = activeTurn(state)
  if (turn?.phase === 'planning') {
    const planMs = dueMs(turn.planNotBeforeMs, nowMs)
    return !state.isPaused && planMs > nowMs ? planMs : undefined
  }
  const times = Object.values(turn?.steps ?? {}).flatMap((step) => {
    if (step.status === 'ready') return state.isPaused ? [] : [dueMs(step.notBeforeMs, nowMs)]
    // A child that waits for people tells by itself when they have decided, or its heartbeat asks.
    const isWaiting = step.child?.status === 'awaiting_approval'
    return step.status === 'dispatched' && !isWaiting ? [giveUpMs(step)] : []
  })
  if (turn?.phase === 'running') times.push(...approvalTimesMs(turn))
  return times.length === 0 ? undefined : Math.min(...times)
}

/** When the heartbeat has to be heard: always while anything is under way, else from the next deadline on, if there is one. */
export type Beat = 'always' | 'never' | { fromMs: number }

export function beatOf(state: SessionState): Beat {
  if (state.outbox.length > 0 || state.errands.length > 0 || state.deletion === 'erasing') return 'always'
  const turn = activeTurn(state)
  if (turn === undefined) return 'never'
  const isUnderWay = Object.values(turn.steps).some(
    (step) => (step.status === 'dispatched' && !isWaitingChild(step)) || (step.status === 'ready' && !state.isPaused),
  )
  if (isUnderWay || (turn.phase !== 'running' && !state.isPaused)) return 'always'
  const times = [...approvalTimesMs(turn), ...childTimesMs(turn)]
  if (times.length > 0) return { fromMs: Math.min(...times) }
  return state.isPaused ? 'never' : 'always'
}

/** Whether a step's child session waits for people until a deadline it has told. It tells by itself when they have decided. */
function isWaitingChild({ child }: StepState): boolean {
  if (child?.status !== 'awaiting_approval' || child.changedSeq > child.toldSeq) return false
  return child.approvals.some(({ deadline }) => deadline !== undefined)
}

/** When a child session that waits for people goes on without them. */
function childTimesMs({ steps }: TurnState): number[] {
  return Object.values(steps)
    .filter((step) => step.status === 'dispatched' && isWaitingChild(step))
    .flatMap(({ child }) => (child?.approvals ?? []).flatMap(({ deadline }) => deadline ?? []))
    .map((deadline) => Date.parse(deadline))
}
