import { isTerminalStep, type WorkflowStep } from '@weft/contracts'
import type { SessionDraft } from './session-draft.ts'
import type { TurnState } from './session-state.ts'

/** Share of a turn's budget at which its log warns, once. */
const warningShare = 0.8

/**
 * What a step that starts now may cost, in USD; undefined where its turn has no budget. What is neither spent nor given to steps under way is divided equally
 * between this step and those that may run beside it. Steps that have to wait for this one get no share now: they have what it leaves.
 */
export function shareOfBudget(turn: TurnState, step: WorkflowStep): number | undefined {
  const { budgetUsd } = turn.request.options
  if (budgetUsd === undefined) return undefined
  const after = stepsThatHaveToWait(turn.plan?.steps ?? [], step.stepId)
  let givenUsd = 0
  let sharers = 1
  for (const [stepId, { status, shareUsd = 0 }] of Object.entries(turn.steps)) {
    if (stepId === step.stepId || isTerminalStep(status)) continue
    if (status === 'dispatched') givenUsd += shareUsd
    else if (!after.has(stepId)) sharers += 1
  }
  return Math.max(0, budgetUsd - spentUsd(turn) - givenUsd) / sharers
}

/** The step itself and those that cannot run before it has ended, as far as their plan says. */
function stepsThatHaveToWait(steps: readonly WorkflowStep[], stepId: string): Set<string> {
  const found = new Set([stepId])
  let before = 0
  while (before < found.size) {
    before = found.size
    for (const step of steps) {
      const waits = step.join === undefined || step.join === 'all'
      if (waits && step.dependsOn.some((dependency) => found.has(dependency))) found.add(step.stepId)
    }
  }
  return found
}

/** Logs a warning once, when what was just spent reaches 80 % of the budget. */
export function noteSpending(draft: SessionDraft, turn: number, spentBeforeUsd: number): void {
  const owner = draft.findTurn(turn)
  const { budgetUsd } = owner?.request.options ?? {}
  if (owner === undefined || budgetUsd === undefined) return
  const spent = spentUsd(owner)
  const limit = warningShare * budgetUsd
  if (spentBeforeUsd < limit && spent >= limit) draft.log('budget.warning', turn, { spentUsd: spent, budgetUsd })
}

export function spentUsd({ steps }: TurnState): number {
  return Object.values(steps)
    .flatMap(({ usage }) => usage)
    .reduce((sum, { costUsd }) => sum + costUsd, 0)
}
