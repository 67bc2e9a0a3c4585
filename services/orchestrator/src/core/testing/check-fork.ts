import assert from 'node:assert/strict'
import { findPlanProblems, type SessionEvent, type TurnSeed, type WorkflowPlan } from '@weft/contracts'
import type { TurnState } from '../session-state.ts'

/** What a fork begins with can run, and whatever builds on the step that runs again waits for it. */
export function checkSeed(plan: WorkflowPlan, { plan: forked, from: { fromStep }, finished }: TurnSeed): void {
  const problems = findPlanProblems(forked)
  // The step that answers may be one that is added anew.
  const isToCome = !forked.steps.some(({ stepId }) => stepId === forked.answerStepId)
  assert.deepEqual(isToCome ? problems.slice(0, -1) : problems, [], 'a fork has a sound plan')
  if (fromStep === undefined) return
  const again = dependentsOf(plan, fromStep)
  const waiting = dependentsOf(forked, fromStep)
  for (const { stepId } of forked.steps) {
    if (!again.has(stepId)) continue
    assert.ok(waiting.has(stepId), `step ${stepId} of a fork waits for ${fromStep}, which runs again`)
    assert.ok(finished[stepId] === undefined, `step ${stepId} of a fork runs again`)
  }
}

/** What was finished is taken over, and not done again. */
export function checkForked({ finished }: TurnSeed, turn: TurnState | undefined, events: SessionEvent[]): void {
  for (const [stepId, { output, citations, confidence }] of Object.entries(finished)) {
    assert.ok(!events.some((event) => event.type === 'step.dispatched' && event.stepId === stepId), `${stepId} is not done again`)
    assert.deepEqual(turn?.steps[stepId]?.outcome, { output, citations, confidence })
  }
}

/** A step and all that depend on it, directly or not. */
function dependentsOf({ steps }: WorkflowPlan, stepId: string): Set<string> {
  const found = new Set([stepId])
  for (const _ of steps) {
    for (const step of steps) if (step.dependsOn.some((id) => found.has(id))) found.add(step.stepId)
  }
  return found
}
