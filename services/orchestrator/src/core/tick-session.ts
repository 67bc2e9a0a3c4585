import type { Problem } from '@weft/contracts'
import { failAttempt } from './apply-outcome.ts'
import type { SessionDraft } from './session-draft.ts'
import type { SessionState, StepState, TurnState } from './session-state.ts'
import { dispatchStep, settleTurn } from './settle-turn.ts'

/** An agent that keeps its deadline answers by itself; only after this much longer is an attempt given up from here. */
const deadlineGraceMs = 2_000

/**
 * A new activation takes a new epoch: whatever earlier hosts still run no longer counts, and their work is dispatched again
 * (agents join running work of the same key, and answer finished work from what they kept).
 */
export function activateSession(draft: SessionDraft): void {
  draft.editSession().epoch += 1
  for (const turn of draft.session.turns) {
    for (const step of turn.plan?.steps ?? []) {
      const state = turn.steps[step.stepId]
      if (turn.phase !== 'running' || state?.status !== 'dispatched') continue
      if (step.idempotent === false) giveUpUnsure(draft, turn, { stepId: step.stepId, state })
      else dispatchStep(draft, turn.turn, step)
    }
  }
}

/** A step that must not happen twice, whose attempt may have happened: never repeated silently. */
function giveUpUnsure(draft: SessionDraft, turn: TurnState, { stepId, state }: { stepId: string; state: StepState }): void {
  const problem: Problem = {
    code: 'conflict',
    message: `step "${stepId}" is not idempotent and its attempt ${state.attempt} was interrupted: it may have happened`,
    isRetryable: false,
  }
  failAttempt(draft, { turn: turn.turn, stepId, epoch: state.epoch, attempt: state.attempt }, problem)
}

/** The level-triggered heartbeat: whatever should be happening by now is asked for again; the shell ignores what it already does. */
export function tickSession(draft: SessionDraft): void {
  const turn = draft.activeTurn()
  if (turn?.phase === 'running') tickSteps(draft, turn)
  else if (turn?.phase === 'planning' && turn.planNotBeforeMs <= draft.nowMs) {
    draft.command({ type: 'plan', turn: turn.turn, planAttempt: turn.planAttempt })
  }
}

function tickSteps(draft: SessionDraft, turn: TurnState): void {
  for (const step of turn.plan?.steps ?? []) {
    const state = draft.findTurn(turn.turn)?.steps[step.stepId]
    if (state === undefined || draft.findTurn(turn.turn)?.phase !== 'running') continue
    if (state.status === 'ready' && state.notBeforeMs <= draft.nowMs) dispatchStep(draft, turn.turn, step)
    else if (state.status === 'dispatched') tickDispatched(draft, turn.turn, { stepId: step.stepId, state })
  }
  settleTurn(draft, turn.turn)
}

function tickDispatched(draft: SessionDraft, turn: number, { stepId, state }: { stepId: string; state: StepState }): void {
  const { epoch, attempt } = state
  if (draft.nowMs < state.deadlineMs + deadlineGraceMs) {
    draft.command({ type: 'dispatch', turn, stepId, epoch, attempt })
    return
  }
  draft.command({ type: 'abort', turn, stepId, epoch, attempt })
  const message = `step "${stepId}" did not end before its deadline (${new Date(state.deadlineMs).toISOString()})`
  failAttempt(draft, { turn, stepId, epoch, attempt }, { code: 'timeout', message, isRetryable: true })
}

/** When the next tick has something to do, in epoch milliseconds; undefined while nothing but answers is waited for. */
export function nextWakeMs(state: SessionState, nowMs: number): number | undefined {
  const turn = state.turns.find((candidate) => candidate.phase !== 'ended')
  if (turn?.phase === 'planning') return turn.planNotBeforeMs > nowMs ? turn.planNotBeforeMs : undefined
  const times = Object.values(turn?.steps ?? {}).flatMap((step) => {
    if (step.status === 'ready') return [step.notBeforeMs]
    return step.status === 'dispatched' ? [step.deadlineMs + deadlineGraceMs] : []
  })
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Whether nothing is left to do: all turns ended and every event is in the log. */
export function isAtRest(state: SessionState): boolean {
  return state.outbox.length === 0 && state.turns.every((turn) => turn.phase === 'ended')
}
