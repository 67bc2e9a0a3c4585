import type { Problem, WorkflowStep } from '@weft/contracts'
import { endTurn } from './end-turn.ts'
import { attemptsMaxDefault, retryDelayMs } from './retry-delay.ts'
import type { SessionDraft } from './session-draft.ts'
import type { SessionInput, StepRef, StepState, TurnState } from './session-state.ts'
import { dispatchStep, settleTurn, skipStep } from './settle-turn.ts'

/** Takes the end of an attempt, when that attempt is current; then everything that follows from it. */
export function applyOutcome(draft: SessionDraft, input: Extract<SessionInput, { type: 'outcome' }>): void {
  if (draft.currentStep(input) === undefined) return
  const step = draft.editStep(input.turn, input.stepId)
  step.usage = [...step.usage, ...input.usage]
  const { outcome } = input
  if (outcome.kind === 'failed') {
    failAttempt(draft, input, outcome.problem)
    return
  }
  const { output, citations, confidence } = outcome
  step.status = 'succeeded'
  step.endedAtMs = draft.nowMs
  step.outcome = { output, citations, confidence }
  step.problem = undefined
  step.checkpoint = undefined
  draft.log('step.succeeded', input.turn, { stepId: input.stepId, attempt: input.attempt, confidence, costUsd: costUsdOf(step) })
  settleTurn(draft, input.turn)
}

/** The failure policy of a step: retry while it makes sense, then what the plan declares. */
export function failAttempt(draft: SessionDraft, ref: StepRef, problem: Problem): void {
  const turn = draft.findTurn(ref.turn)
  const step = turn?.plan?.steps.find((candidate) => candidate.stepId === ref.stepId)
  if (turn === undefined || step === undefined) return
  const state = draft.editStep(ref.turn, ref.stepId)
  state.problem = problem
  if (mayRetry(step, state, problem)) retryLater(draft, ref, state)
  else if (mayFallBack(step, state)) fallBack(draft, ref, step)
  else giveUp(draft, { turn, step, problem })
}

function mayRetry(step: WorkflowStep, state: StepState, problem: Problem): boolean {
  return problem.isRetryable && state.attempt < (step.onFailure?.maxAttempts ?? attemptsMaxDefault)
}

function retryLater(draft: SessionDraft, ref: StepRef, state: StepState): void {
  const delayMs = retryDelayMs(state.attempt)
  state.status = 'ready'
  state.notBeforeMs = draft.nowMs + delayMs
  draft.log('step.retried', ref.turn, { stepId: ref.stepId, attempt: ref.attempt, problem: state.problem, delayMs })
}

function mayFallBack(step: WorkflowStep, state: StepState): boolean {
  const agent = step.onFailure?.agent
  return step.onFailure?.action === 'fallback' && agent !== undefined && state.agent !== agent
}

function fallBack(draft: SessionDraft, ref: StepRef, step: WorkflowStep): void {
  const state = draft.editStep(ref.turn, ref.stepId)
  state.agent = step.onFailure?.agent ?? state.agent
  draft.log('step.retried', ref.turn, { stepId: ref.stepId, attempt: ref.attempt, problem: state.problem, agent: state.agent })
  dispatchStep(draft, ref.turn, step)
}

/** Evidence steps are left out by default, and the answer says so; without its answer step a turn fails. */
function giveUp(draft: SessionDraft, { turn, step, problem }: { turn: TurnState; step: WorkflowStep; problem: Problem }): void {
  const isAnswer = turn.plan?.answerStepId === step.stepId
  const isLeftOut = step.onFailure === undefined ? !isAnswer : step.onFailure.action === 'skip'
  if (isLeftOut) {
    skipStep(draft, { turn: turn.turn, stepId: step.stepId, cause: problem.message })
    settleTurn(draft, turn.turn)
    return
  }
  const state = draft.editStep(turn.turn, step.stepId)
  state.status = 'failed'
  state.endedAtMs = draft.nowMs
  draft.log('step.failed', turn.turn, { stepId: step.stepId, attempt: state.attempt, problem })
  endTurn(draft, turn.turn, { status: 'failed', problem })
}

function costUsdOf(step: StepState): number {
  return step.usage.reduce((sum, used) => sum + used.costUsd, 0)
}
