import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { WorkflowStep } from '@weft/contracts'
import type { StepRequest } from '../execute-request.ts'
import type { AttemptOutcome, SessionInput } from '../session-input.ts'
import type { StepRef } from '../session-state.ts'
import { addedSteps, type Fate, outputOf } from './sequential-run.ts'

/** What an agent is sent. `work`: what is to be done, told apart by people alone: whatever is tried again unasked is the same work. */
export interface Task {
  request: StepRequest
  step: WorkflowStep
  work: string
  fate: Fate
}

interface Execution extends Task {
  key: string
  /** Attempts that follow it. */
  followers: StepRef[]
}

type OutcomeInput = Extract<SessionInput, { type: 'outcome' }>

/** The agents: a key that is running is joined, one that has a result is answered from what was kept, and no work is done twice. */
export class SimulatedAgents {
  readonly #pick: (count: number) => number
  readonly #running = new Map<string, Execution>()
  readonly #kept = new Map<string, { work: string; outcome: AttemptOutcome }>()
  readonly #tries = new Map<string, number>()
  /** Work under way, or whose end nobody told. */
  readonly #unsure = new Set<string>()
  readonly #done = new Set<string>()

  constructor(pick: (count: number) => number) {
    this.#pick = pick
  }

  get isBusy(): boolean {
    return this.#running.size > 0
  }

  /** Begins work, joins it, or answers with what was kept of it. */
  execute(ref: StepRef, task: Task): SessionInput[] {
    const { request, step, work } = task
    const key = `${request.agent} ${request.idempotencyKey}`
    const known = this.#kept.get(key) ?? this.#running.get(key)
    if (known !== undefined) assert.equal(known.work, work, `the key ${key} stands for one work`)
    if (known !== undefined && 'outcome' in known) return [outcomeInput(ref, known.outcome)]
    if (known !== undefined) {
      known.followers.push(ref)
      return []
    }
    if (step.idempotent === false) {
      assert.ok(!this.#unsure.has(work), `step ${step.stepId} must not happen twice`)
      this.#unsure.add(work)
    }
    this.#running.set(key, { ...task, key, followers: [ref] })
    return []
  }

  /** One execution ends: what it tells. */
  finish(): SessionInput[] {
    const execution = this.#take()
    if (execution === undefined) return []
    const outcome = this.#end(execution)
    return execution.followers.map((ref) => outcomeInput(ref, outcome))
  }

  /** What one execution tells is cut off, before or after its end: nobody knows whether it has happened. */
  cutOff(): SessionInput[] {
    const problem = { code: 'upstream_error' as const, message: 'cut off', isRetryable: true }
    const execution = this.#take()
    if (execution === undefined) return []
    if (this.#pick(2) === 0) this.#end(execution)
    return execution.followers.map((ref) => outcomeInput(ref, { kind: 'failed', problem, mayHaveHappened: true }))
  }

  /** Ends the execution that an attempt follows; the others that follow it hear of it. */
  abort(ref: StepRef): SessionInput[] {
    const problem = { code: 'upstream_error' as const, message: 'cancelled', isRetryable: true }
    const found = [...this.#running.values()].find(({ followers }) => followers.some((other) => isDeepStrictEqual(other, ref)))
    if (found === undefined) return []
    this.#running.delete(found.key)
    const others = found.followers.filter((other) => !isDeepStrictEqual(other, ref))
    return others.map((other) => outcomeInput(other, { kind: 'failed', problem }))
  }

  /** Somebody took it upon himself that it may happen twice. */
  allowTwice(work: string): void {
    this.#unsure.delete(work)
  }

  #take(): Execution | undefined {
    const running = [...this.#running.values()]
    const taken = running[this.#pick(Math.max(1, running.length))]
    if (taken !== undefined) this.#running.delete(taken.key)
    return taken
  }

  #end({ key, request, step, work, fate }: Execution): AttemptOutcome {
    const { approvals } = request.body.params
    const decided = Array.isArray(approvals) ? approvals.length : 0
    if (decided < fate.asks) {
      this.#unsure.delete(work)
      return { kind: 'needs_approval', action: 'go on', args: { part: decided }, reason: 'it is dear' }
    }
    const tries = (this.#tries.get(key) ?? 0) + 1
    this.#tries.set(key, tries)
    const isBroken = fate.brokenAgents.includes(request.agent)
    if (isBroken || tries <= fate.failures) {
      this.#unsure.delete(work)
      return { kind: 'failed', problem: { code: 'upstream_error', message: 'broken', isRetryable: !isBroken } }
    }
    const doing = `${request.agent} ${work}`
    assert.ok(!this.#done.has(doing), `${doing} is done once`)
    this.#done.add(doing)
    const steps = addedSteps(step, fate)
    const output = outputOf(step, { value: fate.value, dependencies: request.body.dependencies })
    const outcome = { kind: 'succeeded' as const, output, citations: [], confidence: 1, ...(steps.length === 0 ? {} : { steps }) }
    this.#kept.set(key, { work, outcome })
    return outcome
  }
}

/** An end that only whoever hears of it knows: asked again, the agent would work again. */
export function isUncertain(input: SessionInput): input is OutcomeInput {
  return input.type === 'outcome' && input.outcome.kind === 'failed' && input.outcome.mayHaveHappened === true
}

function outcomeInput(ref: StepRef, outcome: AttemptOutcome): OutcomeInput {
  return { type: 'outcome', ...ref, usage: [], outcome }
}
