import type { SessionView, StepView, TurnView } from '@weft/contracts'
import { describeDegraded, renderSources } from './render-sources.ts'

/** A session as lines: each turn with its steps, its answer, and the answer's sources. */
export function renderSession(session: SessionView): string[] {
  return [`session ${session.id}: ${session.status}, since ${session.createdAt}`, ...session.turns.flatMap(renderTurn)]
}

function renderTurn(turn: TurnView): string[] {
  const { answer } = turn
  return [
    '',
    `turn ${turn.turn}: ${turn.status} (${turn.model}${durationOf(turn)})`,
    ...turn.steps.map(renderStep),
    ...(answer === undefined ? [] : ['', answer.text, '', ...renderSources(answer.citations)]),
    ...(answer === undefined ? [] : describeDegraded(answer.degraded).map((line) => `(${line})`)),
    ...(answer?.problem === undefined ? [] : [`failed: ${answer.problem.message}`]),
    ...(answer !== undefined && answer.costUsd > 0 ? [`cost: $${answer.costUsd.toFixed(6)}`] : []),
  ]
}

function renderStep(step: StepView): string {
  const attempts = step.attempt > 1 ? `, attempt ${step.attempt}` : ''
  const waiting = step.waitingFor === undefined ? '' : `, waits for ${step.waitingFor.cause}`
  const problem = step.problem === undefined ? '' : `: ${step.problem.message}`
  return `  ${step.stepId.padEnd(16)} ${step.agent}.${step.capability}  ${step.status}${durationOf(step)}${attempts}${waiting}${problem}`
}

function durationOf(timed: { acceptedAt?: string; startedAt?: string | undefined; endedAt?: string | undefined }): string {
  const startedAt = timed.acceptedAt ?? timed.startedAt
  if (startedAt === undefined || timed.endedAt === undefined) return ''
  return `, ${((Date.parse(timed.endedAt) - Date.parse(startedAt)) / 1_000).toFixed(1)} s`
}
