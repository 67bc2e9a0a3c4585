import type { SessionDraft } from './session-draft.ts'
import type { TurnState } from './session-state.ts'

/** Share of a turn's budget at which its log warns, once. */
const warningShare = 0.8

/** What is left of a turn's budget, in USD; undefined without one. Steps that run side by side each see all of it. */
export function budgetLeftUsd(turn: TurnState): number | undefined {
  const { budgetUsd } = turn.request.options
  return budgetUsd === undefined ? undefined : Math.max(0, budgetUsd - spentUsd(turn))
}

/** Warns in the log when what was just spent crosses the share. */
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
