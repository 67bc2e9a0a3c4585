import type { Problem, WorkflowStep } from '@weft/contracts'
import { askApproval, retryActionOf } from './ask-approval.ts'
import { endTurn } from './end-turn.ts'
import { attemptsMaxDefault, attemptsMaxUnreached, retryDelayMs } from './retry-delay.ts'
import type { SessionDraft } from './session-draft.ts'
import type { StepRef, StepState, TurnState } from './session-state.ts'
import { settleTurn, skipStep } from './settle-turn.ts'
import { startStep } from './start-step.ts'
import { versionOf } from './version-of.ts'

export interface AttemptFailure {
  problem: Problem
  /** The attempt's work may have been done all the same. */
  mayHaveHappened: boolean
}

/**
 * The failure policy of a step: retry while it makes sense, then what the plan declares. What must not happen twice (`idempotent: false`) and
 * may have happened is never tried again unasked.
 */
export function failAttempt(draft: SessionDraft, ref: StepRef, failure: AttemptFailure): void {
  const turn = draft.findTurn(ref.turn)
  const step = turn?.plan?.steps.find((candidate) => candidate.stepId === ref.stepId)
  if (turn === undefined || step === undefined) return
  const isUnsure = step.idempotent === false && failure.mayHaveHappened
  const problem = isUnsure ? unsure(ref, failure.problem) : failure.problem
  const state = draft.editStep(ref.turn, ref.stepId)
  state.problem = problem
  if (!isUnsure && mayRetry(step, state, problem)) retryLater(draft, ref, state)
  else if (!isUnsure && mayFallBack(step, state)) fallBack(draft, ref, step)
  else if (mayAsk(step, state)) askToRetry(draft, { turn: ref.turn, step }, problem)
  else giveUp(draft, { turn, step, problem })
}

function unsure({ stepId, attempt }: StepRef, { message }: Problem): Problem {
  return {
    code: 'conflict',
    message: `step "${stepId}" must not happen twice, and its attempt ${attempt} may have happened: ${message}`,
    isRetryable: false,
  }
}

function mayRetry(step: WorkflowStep, state: StepState, problem: Problem): boolean {
  const attemptsMax = problem.code === 'dependency_unavailable' ? attemptsMaxUnreached : attemptsMaxDefault
  return problem.isRetryable && failuresOf(state) < (step.onFailure?.maxAttempts ?? attemptsMax)
}

/** Attempts that ended with a question, or with their host, are no failures. */
function failuresOf({ attempt, decisions, interruptions }: StepState): number {
  return attempt - decisions.length - interruptions
}

function retryLater(draft: SessionDraft, ref: StepRef, state: StepState): void {
  const delayMs = retryDelayMs(failuresOf(state))
  state.status = 'ready'
  state.notBeforeMs = draft.nowMs + delayMs
  const { stepId, attempt } = ref
  draft.log('step.retried', ref.turn, { stepId, attempt, ...versionOf(state), problem: state.problem, delayMs })
}

function mayFallBack(step: WorkflowStep, state: StepState): boolean {
  const agent = step.onFailure?.agent
  return step.onFailure?.action === 'fallback' && agent !== undefined && state.agent !== agent
}

function fallBack(draft: SessionDraft, ref: StepRef, step: WorkflowStep): void {
  const state = draft.editStep(ref.turn, ref.stepId)
  state.agent = step.onFailure?.agent ?? state.agent
  // Only the agent that made it can read it.
  state.checkpoint = undefined
  const { stepId, attempt } = ref
  draft.log('step.retried', ref.turn, { stepId, attempt, ...versionOf(state), problem: state.problem, agent: state.agent })
  startStep(draft, ref.turn, step)
}

/** Decisions about one step at most; what asks more often has failed. */
export const decisionsPerStepMax = 20

function mayAsk(step: WorkflowStep, state: StepState): boolean {
  return step.onFailure?.action === 'ask' && state.decisions.length < decisionsPerStepMax
}

function askToRetry(draft: SessionDraft, at: { turn: number; step: WorkflowStep }, problem: Problem): void {
  const { stepId, capability, params } = at.step
  const action = retryActionOf(capability)
  askApproval(draft, at, { kind: 'failure', action, args: params, reason: problem.message, risk: undefined })
  draft.log('step.progress', at.turn, { stepId, message: `failed, and waits for whether to try again: ${problem.message}` })
}

/** Evidence steps are left out by default, and the answer says so; without its answer step a turn fails. */
export function giveUp(
  draft: SessionDraft,
  { turn, step, problem }: { turn: TurnState; step: WorkflowStep; problem: Problem },
): void {
  const state = draft.editStep(turn.turn, step.stepId)
  state.problem = problem
  if (isLeftOut(turn, step)) {
    skipStep(draft, { turn: turn.turn, stepId: step.stepId, cause: problem.message })
    settleTurn(draft, turn.turn)
    return
  }
  state.status = 'failed'
  state.endedAtMs = draft.nowMs
  draft.log('step.failed', turn.turn, { stepId: step.stepId, attempt: state.attempt, ...versionOf(state), problem })
  endTurn(draft, turn.turn, { status: 'failed', problem })
}

function isLeftOut({ plan }: TurnState, { stepId, onFailure }: WorkflowStep): boolean {
  if (onFailure === undefined || onFailure.action === 'ask') return plan?.answerStepId !== stepId
  return onFailure.action === 'skip'
}
