import assert from 'node:assert/strict'
import { canonicalJson, isTerminalStep, type WorkflowStep } from '@weft/contracts'
import { partsOf } from '../persist-session.ts'
import type { Advance, SessionInput, SessionState, StepState, TurnState } from '../session-state.ts'

/** Holds one session to what must hold after every input, whatever happened before. Throws an AssertionError that names what did not. */
export function createAdvanceCheck(): (before: SessionState, input: SessionInput, advance: Advance) => void {
  let lastSeq = 0
  const successes = new Set<string>()
  const parts = new Map<string, { value: unknown; json: string }>()

  return (before, input, { state, events, commands }) => {
    for (const { seq, type, turn, stepId } of events) {
      assert.equal(seq, lastSeq + 1, 'events are numbered without gaps')
      lastSeq = seq
      if (type !== 'step.succeeded') continue
      assert.ok(!successes.has(`${turn}/${stepId}`), `step ${stepId} of turn ${turn} succeeds once`)
      successes.add(`${turn}/${stepId}`)
    }
    assert.equal(state.lastSeq, lastSeq)
    const begins = [...events.filter(({ type }) => type === 'step.dispatched'), ...commands.filter(({ type }) => type === 'plan')]
    if (before.isPaused && state.isPaused) assert.equal(begins.length, 0, `nothing begins while paused, but ${input.type} did`)
    for (const turn of before.turns) checkTurn(turn, state)
    for (const turn of state.turns) checkSteps(turn)
    checkCounted(before, input, state)
    for (const [key, value] of partsOf(state)) {
      const known = parts.get(key)
      if (value === undefined || known?.value === value) continue
      const json = canonicalJson(value)
      assert.equal(known?.json ?? json, json, `the part ${key} is written once and never changed`)
      parts.set(key, { value, json })
    }
  }
}

/** What has ended stays as it ended. */
function checkTurn(before: TurnState, state: SessionState): void {
  const after = state.turns.find(({ turn }) => turn === before.turn)
  if (after === undefined) return
  if (before.phase === 'ended') assert.deepEqual(after, before, `turn ${before.turn} has ended`)
  for (const [stepId, step] of Object.entries(before.steps)) {
    if (isTerminalStep(step.status)) assert.equal(after.steps[stepId]?.status, step.status, `step ${stepId} has ended`)
  }
}

function checkSteps({ phase, plan, steps, approvals }: TurnState): void {
  for (const step of plan?.steps ?? []) {
    const state = steps[step.stepId]
    assert.ok(state !== undefined, `step ${step.stepId} has a state`)
    if (phase === 'ended') assert.ok(isTerminalStep(state.status), `step ${step.stepId} is ${state.status} in an ended turn`)
    if (state.status !== 'dispatched') continue
    assert.ok(mayRun(step, steps), `step ${step.stepId} runs before what it waits for`)
    const isGranted = approvals.some(({ stepId, status }) => stepId === step.stepId && status === 'approved')
    assert.ok(step.approval === undefined || isGranted, `step ${step.stepId} runs without its approval`)
  }
}

function mayRun({ dependsOn, join = 'all' }: WorkflowStep, steps: Record<string, StepState>): boolean {
  const statuses = dependsOn.map((stepId) => steps[stepId]?.status ?? 'pending')
  if (join === 'all' || dependsOn.length === 0) return statuses.every(isTerminalStep)
  return statuses.filter((status) => status === 'succeeded').length >= (join === 'any' ? 1 : join.atLeast)
}

/** A result of a current attempt is never lost. */
function checkCounted(before: SessionState, input: SessionInput, after: SessionState): void {
  if (input.type !== 'outcome' || input.outcome.kind !== 'succeeded') return
  const step = before.turns.find(({ turn }) => turn === input.turn)?.steps[input.stepId]
  const isCurrent = step?.status === 'dispatched' && step.epoch === input.epoch && step.attempt === input.attempt
  if (!isCurrent) return
  const counted = after.turns.find(({ turn }) => turn === input.turn)?.steps[input.stepId]
  assert.equal(counted?.status, 'succeeded', `the result of step ${input.stepId} counts`)
  assert.deepEqual(counted.outcome?.output, input.outcome.output)
}
