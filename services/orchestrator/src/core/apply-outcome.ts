import { planWith, refuseSteps } from './add-steps.ts'
import { askApproval, hashOfQuestion } from './ask-approval.ts'
import { changePlan } from './change-plan.ts'
import { decisionsPerStepMax, failAttempt } from './fail-step.ts'
import { foundOf, foundPlaces } from './found-places.ts'
import type { SessionDraft } from './session-draft.ts'
import type { AttemptOutcome, SessionInput } from './session-input.ts'
import type { StepRef, StepState } from './session-state.ts'
import { settleTurn } from './settle-turn.ts'
import { noteSpending, spentUsd } from './turn-budget.ts'
import { versionOf } from './version-of.ts'

/** Takes the end of an attempt, when that attempt is current; then everything that follows from it. */
export function applyOutcome(draft: SessionDraft, input: Extract<SessionInput, { type: 'outcome' }>): void {
  if (draft.currentStep(input) === undefined) return
  const step = draft.editStep(input.turn, input.stepId)
  const spentBeforeUsd = spentUsd(draft.editTurn(input.turn))
  step.usage = [...step.usage, ...input.usage]
  step.agentVersion = input.agentVersion ?? step.agentVersion
  noteSpending(draft, input.turn, spentBeforeUsd)
  const { outcome } = input
  switch (outcome.kind) {
    case 'failed':
      return failAttempt(draft, input, { problem: outcome.problem, mayHaveHappened: outcome.mayHaveHappened ?? false })
    case 'needs_approval':
      return askForAgent(draft, input, outcome)
    case 'succeeded':
      return succeed(draft, input, outcome)
  }
}

function succeed(draft: SessionDraft, ref: StepRef, outcome: Extract<AttemptOutcome, { kind: 'succeeded' }>): void {
  const { output, citations, confidence, degraded, steps = [] } = outcome
  const plan = steps.length === 0 ? undefined : planWith(draft.findTurn(ref.turn), ref.stepId, steps)
  const problem = plan === undefined ? undefined : refuseSteps(plan, { stepId: ref.stepId, added: steps })
  if (problem !== undefined) {
    failAttempt(draft, ref, { problem, mayHaveHappened: false })
    return
  }
  const step = draft.editStep(ref.turn, ref.stepId)
  step.status = 'succeeded'
  step.endedAtMs = draft.nowMs
  step.outcome = { output, citations, confidence, ...(degraded === undefined ? {} : { degraded }) }
  step.found = foundPlaces(draft.editTurn(ref.turn), ref.stepId, output)
  step.problem = undefined
  step.checkpoint = undefined
  const { stepId, attempt } = ref
  draft.log('step.succeeded', ref.turn, {
    ...{ stepId, attempt, ...versionOf(step), confidence, costUsd: costUsdOf(step) },
    ...foundOf(step),
  })
  if (plan !== undefined) changePlan(draft, ref.turn, { plan, by: ref.stepId })
  settleTurn(draft, ref.turn)
}

/** An agent that was told no and asks the very same again, or asks without end, has failed. */
function askForAgent(draft: SessionDraft, ref: StepRef, ask: Extract<AttemptOutcome, { kind: 'needs_approval' }>): void {
  const { turn, stepId } = ref
  const step = draft.findTurn(turn)?.plan?.steps.find((candidate) => candidate.stepId === stepId)
  const state = draft.findTurn(turn)?.steps[stepId]
  if (step === undefined || state === undefined) return
  const { action, args, reason, risk } = ask
  const why = refusalOf(draft, ref, { state, args })
  if (why === undefined) askApproval(draft, { turn, step }, { kind: 'agent', action, args, reason, risk })
  else {
    const problem = { code: 'unprocessable_content' as const, message: `step "${stepId}" ${why}: ${action}`, isRetryable: false }
    failAttempt(draft, ref, { problem, mayHaveHappened: false })
  }
}

function refusalOf(
  draft: SessionDraft,
  { turn, stepId }: StepRef,
  { state, args }: { state: StepState; args: unknown },
): string | undefined {
  if (state.decisions.length >= decisionsPerStepMax) return `asked for more than ${decisionsPerStepMax} decisions`
  const owner = draft.findTurn(turn)
  const rejected = owner?.approvals.filter(
    (approval) => approval.stepId === stepId && approval.kind === 'agent' && ['rejected', 'expired'].includes(approval.status),
  )
  const isAskedAgain = rejected?.some(
    (approval) =>
      owner !== undefined &&
      hashOfQuestion(draft, owner, approval) ===
        hashOfQuestion(draft, owner, { ...approval, question: { ...approval.question, args } }),
  )
  return isAskedAgain ? 'asked again for what was rejected' : undefined
}

function costUsdOf(step: StepState): number {
  return step.usage.reduce((sum, used) => sum + used.costUsd, 0)
}
