import assert from 'node:assert/strict'
import { canonicalJson, Problem, type SessionEvent } from '@weft/contracts'
import { partsOf } from '../persist-session.ts'
import type { Advance } from '../session-advance.ts'
import type { SessionInput } from '../session-input.ts'
import type { SessionState, TurnState } from '../session-state.ts'
import { beatOf } from '../tick-session.ts'
import { checkEnded, checkPlanChange, checkSteps } from './check-steps.ts'

/** Holds one session to what must hold after every input, whatever happened before. Throws an AssertionError that names what did not. */
export function createAdvanceCheck(): (before: SessionState, input: SessionInput, advance: Advance) => void {
  let lastSeq = 0
  const successes = new Set<string>()
  const checkParts = createPartsCheck()

  return (before, input, { state, events, commands }) => {
    freeze(state)
    if (state.deletion !== 'none') {
      checkDeleted(before, { state, events, commands, reply: undefined })
      return
    }
    for (const { seq, type, turn, stepId } of events) {
      assert.equal(seq, lastSeq + 1, 'events are numbered without gaps')
      lastSeq = seq
      const step = `step ${stepId} of turn ${turn}`
      if (type === 'step.dispatched') assert.ok(!successes.has(step), `${step} does not run again once it has succeeded`)
      if (type !== 'step.succeeded') continue
      assert.ok(!successes.has(step), `${step} succeeds once`)
      successes.add(step)
    }
    assert.equal(state.lastSeq, lastSeq)
    const begins = [...events.filter(({ type }) => type === 'step.dispatched'), ...commands.filter(({ type }) => type === 'plan')]
    if (before.isPaused && state.isPaused) assert.equal(begins.length, 0, `nothing begins while paused, but ${input.type} did`)
    for (const turn of before.turns) {
      const after = state.turns.find((candidate) => candidate.turn === turn.turn)
      if (after === undefined) continue
      checkEnded(turn, after)
      checkPlanChange(turn, after)
    }
    for (const turn of state.turns) checkSteps(turn)
    checkCounted(before, input, state)
    checkBeat(state)
    checkParts(state)
  }
}

function createPartsCheck(): (state: SessionState) => void {
  const parts = new Map<string, { value: unknown; json: string }>()
  const settled = new WeakSet<TurnState>()

  return (state) => {
    for (const [key, value] of partsOf({ ...state, turns: state.turns.filter((turn) => !settled.has(turn)) })) {
      const known = parts.get(key)
      if (value === undefined || known?.value === value) continue
      const json = canonicalJson(value)
      assert.equal(known?.json ?? json, json, `the part ${key} is written once and never changed`)
      parts.set(key, { value, json })
    }
    for (const turn of state.turns) if (turn.phase === 'ended') settled.add(turn)
  }
}

/** What was lost is asked for again by the next heartbeat. A step's deadline would end its wait too, much later. */
export function checkRepairs(events: SessionEvent[]): void {
  const late = events.filter(({ problem }) => Problem.safeParse(problem).data?.code === 'timeout')
  assert.deepEqual(late, [], 'nothing waits for its deadline')
}

/** Whoever changes a state that was given to somebody throws. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const inner of Object.values(value)) freeze(inner)
}

/** What is left of a deleted session ends what it was doing, and nothing else. */
function checkDeleted(before: SessionState, { state, events, commands }: Advance): void {
  const { turns, pastRequests, outbox } = state
  assert.deepEqual(
    { turns, pastRequests, outbox },
    { turns: [], pastRequests: [], outbox: [] },
    'a deleted session keeps nothing',
  )
  assert.deepEqual(events, [], 'a deleted session tells nothing')
  const isOver = before.deletion !== 'none'
  const told = new Set(commands.map(({ type }) => type))
  for (const type of told)
    assert.ok(type === 'erase' || (!isOver && ['abort', 'gone', 'end'].includes(type)), `no ${type} after a deletion`)
}

/** Whatever may be lost is asked for again. */
function checkBeat(state: SessionState): void {
  if (beatOf({ ...state, outbox: [] }) === 'always') return
  const turn = state.turns.find(({ phase }) => phase !== 'ended')
  const waiting = ['dispatched', ...(state.isPaused ? [] : ['ready'])]
  const isAtWork = Object.values(turn?.steps ?? {}).some(({ status }) => waiting.includes(status))
  assert.ok(!isAtWork && (turn?.phase !== 'planning' || state.isPaused), 'what is under way has a heartbeat')
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
