import { isTerminalStep, isTerminalTurn, type Problem, type TurnAnswer, type Usage } from '@weft/contracts'
import { abortAttempt } from './abort-attempt.ts'
import { cancelApprovals } from './end-approval.ts'
import type { SessionDraft } from './session-draft.ts'
import type { StepState, TurnState } from './session-state.ts'
import { textOfOutput } from './text-of-output.ts'

export interface TurnEnd {
  status: 'completed' | 'failed' | 'cancelled'
  problem?: Problem
  /** Given when no step made the answer. */
  answer?: TurnAnswer
}

/** Ends a turn: what still runs is cancelled, the answer is composed and logged. */
export function endTurn(draft: SessionDraft, turn: number, end: TurnEnd): void {
  const edited = draft.editTurn(turn)
  if (edited.phase === 'ended') return
  cancelApprovals(draft, turn)
  cancelOpenSteps(draft, edited)
  edited.phase = 'ended'
  edited.status = end.status
  edited.endedAtMs = draft.nowMs
  edited.answer = end.answer ?? composeAnswer(edited, end)
  const told = { answer: edited.answer, ...sessionStatusBy(draft.activeTurn()) }
  if (end.status === 'completed') draft.log('turn.completed', turn, told)
  else if (end.status === 'failed') draft.log('turn.failed', turn, { problem: end.problem, ...told })
  else draft.log('turn.cancelled', turn, told)
  draft.command({ type: 'end', turn })
}

/** What an event of one turn has to say of the session's status if another turn is being worked on, or is the next. */
export function sessionStatusBy(active: TurnState | undefined): { sessionStatus?: TurnState['status'] } {
  return active === undefined ? {} : { sessionStatus: active.status }
}

function cancelOpenSteps(draft: SessionDraft, turn: TurnState): void {
  for (const [stepId, step] of Object.entries(turn.steps)) {
    if (isTerminalStep(step.status)) continue
    const { status } = step
    const edited = draft.editStep(turn.turn, stepId)
    edited.status = 'cancelled'
    edited.approvalId = undefined
    edited.endedAtMs = draft.nowMs
    draft.log('step.cancelled', turn.turn, { stepId })
    const hasChild = edited.child !== undefined && !isTerminalTurn(edited.child.status)
    if (status === 'dispatched' || hasChild) abortAttempt(draft, { turn: turn.turn, stepId, state: edited })
  }
}

function composeAnswer(turn: TurnState, end: TurnEnd): TurnAnswer {
  const steps = Object.values(turn.steps)
  const answered = turn.plan === undefined ? undefined : turn.steps[turn.plan.answerStepId]
  const usage = mergeUsage(steps.flatMap((step) => step.usage))
  return {
    text: textOfOutput(answered?.outcome?.output),
    citations: answered?.outcome?.citations ?? [],
    degraded: degradedBy(turn),
    usage,
    costUsd: usage.reduce((sum, used) => sum + used.costUsd, 0),
    ...(end.problem === undefined ? {} : { problem: end.problem }),
  }
}

/**
 * What the answer lacks: steps that were left out because they, or what they waited for, failed, and what the agents said of themselves. A step
 * whose condition did not hold is no loss, whatever an agent takes it for.
 */
function degradedBy(turn: TurnState): string[] {
  const entries = Object.entries(turn.steps)
  const skipped = entries.filter(([, step]) => step.status === 'skipped')
  const lost = skipped.filter(([, step]) => step.problem !== undefined).map(([stepId]) => `step_skipped:${stepId}`)
  const unneeded = skipped.filter(([, step]) => step.problem === undefined).map(([stepId]) => `step_skipped:${stepId}`)
  const told = entries.flatMap(([, step]) => degradedOf(step)).filter((reason) => !unneeded.includes(reason))
  return [...new Set([...lost, ...told])]
}

function degradedOf({ outcome }: StepState): string[] {
  const { output, degraded = [] } = outcome ?? {}
  if (typeof output !== 'object' || output === null || !('degraded' in output) || !Array.isArray(output.degraded)) return degraded
  return [...degraded, ...output.degraded.filter((reason): reason is string => typeof reason === 'string')]
}

/** Adds up usage by model; a sum counts as measured only if every call was. */
function mergeUsage(calls: Usage[]): Usage[] {
  const byModel = new Map<string, Usage>()
  for (const call of calls) {
    const sum = byModel.get(call.model)
    byModel.set(call.model, sum === undefined ? { ...call } : add(sum, call))
  }
  return [...byModel.values()]
}

function add(left: Usage, right: Usage): Usage {
  return {
    model: left.model,
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    costUsd: left.costUsd + right.costUsd,
    measured: left.measured && right.measured,
  }
}
