import { isDeepStrictEqual } from 'node:util'
import type { Condition } from '@weft/contracts'
import type { StepState } from './session-state.ts'

/** Whether a condition on a step holds. What is missing (the step, the path) does not hold; nothing is evaluated as code. */
export function holds(condition: Condition, steps: Record<string, StepState>): boolean {
  const step = steps[condition.step]
  if (step === undefined) return false
  if (condition.status !== undefined && step.status !== condition.status) return false
  const testsValue = 'equals' in condition || condition.above !== undefined || condition.below !== undefined
  if (!testsValue) return condition.path === undefined || valueAt(step.outcome?.output, condition.path) !== undefined
  const value = valueAt(step.outcome?.output, condition.path ?? '')
  if ('equals' in condition && !isDeepStrictEqual(value, condition.equals)) return false
  if (condition.above !== undefined && !(typeof value === 'number' && value > condition.above)) return false
  return condition.below === undefined || (typeof value === 'number' && value < condition.below)
}

/** The value at a dotted path such as `items.0.score`; own properties only. */
function valueAt(value: unknown, path: string): unknown {
  let current = value
  for (const name of path.split('.').filter((part) => part !== '')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, name)) return undefined
    current = Reflect.get(current, name)
  }
  return current
}
