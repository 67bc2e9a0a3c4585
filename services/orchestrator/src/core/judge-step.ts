import { isTerminalStep, type WorkflowStep } from '@weft/contracts'
import { holds } from './evaluate-condition.ts'
import type { StepState } from './session-state.ts'

/** Whether a step waits, runs or is skipped. `isLoss`: it was meant to run, and could not because a step it depends on was lost. */
export type Verdict = 'wait' | 'run' | { skip: string; isLoss: boolean }

/**
 * What becomes of a step whose dependencies are in these states. A skipped dependency counts as settled: the step runs, and is told that it was skipped. A
 * dependency that failed its turn is never seen here, because the turn has ended then.
 */
export function judgeStep(step: WorkflowStep, states: Record<string, StepState>): Verdict {
  const dependencies = step.dependsOn.map((stepId) => states[stepId]?.status ?? 'skipped')
  const succeeded = dependencies.filter((status) => status === 'succeeded').length
  const open = dependencies.filter((status) => !isTerminalStep(status)).length
  const needed = neededSuccesses(step)
  if (needed !== undefined && succeeded < needed) {
    if (succeeded + open >= needed) return 'wait'
    const isLoss = step.dependsOn.some((stepId) => states[stepId]?.problem !== undefined)
    return { skip: `${needed} of its ${dependencies.length} dependencies had to succeed, ${succeeded} did`, isLoss }
  }
  if (needed === undefined && open > 0) return 'wait'
  return step.when === undefined || holds(step.when, states) ? 'run' : { skip: 'its condition does not hold', isLoss: false }
}

/** How many dependencies have to succeed; undefined where all have to be settled, however they ended. */
function neededSuccesses(step: WorkflowStep): number | undefined {
  if (step.join === undefined || step.join === 'all' || step.dependsOn.length === 0) return undefined
  return step.join === 'any' ? 1 : step.join.atLeast
}
