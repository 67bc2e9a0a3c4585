import { isTerminalStep, type Problem, type WorkflowStep } from '@weft/contracts'
import { endTurn } from './end-turn.ts'
import { judgeStep } from './judge-step.ts'
import type { SessionDraft } from './session-draft.ts'
import type { TurnState } from './session-state.ts'
import { startStep } from './start-step.ts'
import { versionOf } from './version-of.ts'

/**
 * Brings a running turn to rest: every step whose dependencies allow it is started or skipped, and a turn whose steps
 * have all ended is ended. Called after every change; calling it again changes nothing.
 */
export function settleTurn(draft: SessionDraft, turn: number): void {
  const steps = draft.findTurn(turn)?.plan?.steps ?? []
  let isChanged = true
  while (isChanged) {
    isChanged = false
    for (const step of steps) if (settleStep(draft, turn, step)) isChanged = true
  }
  endWhenDone(draft, turn)
}

function settleStep(draft: SessionDraft, turn: number, step: WorkflowStep): boolean {
  const owner = draft.findTurn(turn)
  if (owner?.phase !== 'running' || owner.steps[step.stepId]?.status !== 'pending') return false
  const verdict = judgeStep(step, owner.steps)
  if (verdict === 'wait') return false
  if (verdict === 'run') {
    startStep(draft, turn, step)
    return true
  }
  if (verdict.isLoss) draft.editStep(turn, step.stepId).problem = lossOf(step, verdict.skip)
  skipStep(draft, { turn, stepId: step.stepId, cause: verdict.skip })
  return true
}

function lossOf({ stepId }: WorkflowStep, why: string): Problem {
  return { code: 'unprocessable_content', message: `step "${stepId}" was left out: ${why}`, isRetryable: false }
}

export function skipStep(draft: SessionDraft, { turn, stepId, cause }: { turn: number; stepId: string; cause: string }): void {
  const state = draft.editStep(turn, stepId)
  state.status = 'skipped'
  state.endedAtMs = draft.nowMs
  draft.log('step.skipped', turn, { stepId, ...versionOf(state), cause })
}

function endWhenDone(draft: SessionDraft, turn: number): void {
  const owner = draft.findTurn(turn)
  if (owner?.phase !== 'running' || owner.plan === undefined) return
  const isDone = Object.values(owner.steps).every((step) => isTerminalStep(step.status))
  if (isDone) endTurn(draft, turn, verdictOf(owner, owner.plan.answerStepId))
}

function verdictOf(turn: TurnState, answerStepId: string): Parameters<typeof endTurn>[2] {
  const answer = turn.steps[answerStepId]
  if (answer?.status === 'succeeded') return { status: 'completed' }
  const problem = answer?.problem ?? {
    code: 'unprocessable_content' as const,
    message: `the plan ends without an answer: its answer step "${answerStepId}" was ${answer?.status ?? 'not run'}, because its condition or its join did not hold`,
    isRetryable: false,
  }
  return { status: 'failed', problem }
}
