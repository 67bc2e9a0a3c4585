import assert from 'node:assert/strict'
import { isTerminalTurn, type WorkflowPlan, type WorkflowStep } from '@weft/contracts'
import { executeRequest } from '../execute-request.ts'
import { fromHead, partsOf, toHead } from '../persist-session.ts'
import type { AttemptOutcome, SessionCommand, SessionInput, StepRef, TurnState } from '../session-state.ts'
import { DrivenSession, turnRequest } from '../testing.ts'
import { beatOf } from '../tick-session.ts'
import { createAdvanceCheck } from './check-advance.ts'
import { addedSteps, type Fate, outputOf } from './sequential-run.ts'

/** One turn: its plan, whether the client brings it or the planner makes it, and what becomes of its steps whenever they are tried. */
export interface Scenario {
  plan: WorkflowPlan
  isPlanned: boolean
  fates: Record<string, Fate>
}

interface Work {
  ref: StepRef
  stepKey: string
  step: WorkflowStep
  agent: string
  output: unknown
  /** Approvals its agent was told the decision of. */
  decided: number
}

/**
 * A session with everything around it: the store, the planner, agents, messages on their way, people who decide. Nothing happens by itself:
 * each move takes one of the things that could happen next, chosen by `pick`.
 */
export class SimulatedWorld {
  readonly session = new DrivenSession()
  /** Each turn as it ended. */
  readonly ended = new Map<number, TurnState>()
  readonly #scenarios: Scenario[]
  readonly #pick: (count: number) => number
  readonly #check = createAdvanceCheck()
  readonly #tries = new Map<string, number>()
  readonly #mayHaveHappened = new Set<string>()
  readonly #store = new Map<string, string>()
  #submitted = 0
  #commands: SessionCommand[] = []
  #work = new Map<string, Work>()
  /** Attempts this host knows: at work, or ended and not yet told to the session. */
  #attempts = new Set<string>()
  #messages: SessionInput[] = []

  constructor(scenarios: Scenario[], pick: (count: number) => number) {
    this.#scenarios = scenarios
    this.#pick = pick
    this.submit()
  }

  /** One more turn, planned or with its own plan. */
  submit(): void {
    const scenario = this.#scenarios[this.#submitted]
    if (scenario === undefined) return
    this.#submitted += 1
    const options = scenario.isPlanned ? {} : { plan: scenario.plan }
    this.send({ type: 'submit', request: turnRequest({ requestId: `req_${this.#submitted}`, options }) })
  }

  /** The host does one of the things it was told after a commit. */
  perform(): void {
    const command = this.#takeOne(this.#commands)
    if (command?.type === 'plan') this.#messages.push(this.#planned(command))
    if (command?.type === 'dispatch') this.#begin(command)
    if (command?.type === 'abort') this.#work.delete(keyOf(command))
  }

  /** It does not: the host was too busy, or the call was lost. */
  forget(): void {
    this.#takeOne(this.#commands)
  }

  /** An agent ends its work; what it tells is on its way. */
  finish(): void {
    const work = this.#takeWork()
    if (work !== undefined) this.#messages.push(outcome(work.ref, this.#try(work)))
  }

  /** An agent ends its work, and its answer is cut off. */
  cutOff(): void {
    const work = this.#takeWork()
    if (work === undefined) return
    const problem = { code: 'upstream_error' as const, message: 'cut off', isRetryable: true }
    this.#messages.push(outcome(work.ref, { kind: 'failed', problem, mayHaveHappened: true }))
  }

  /** One message arrives, whichever was sent first. */
  deliver(): void {
    const message = this.#takeOne(this.#messages)
    if (message !== undefined) this.send(message)
  }

  /** One message arrives and arrives again, now or later. */
  deliverTwice(): void {
    const message = this.#takeOne(this.#messages)
    if (message === undefined) return
    this.send(message)
    this.#messages.push(message)
  }

  wait(ms: number): void {
    this.session.nowMs += ms
    this.send({ type: 'tick' })
  }

  /** The host is gone with all it knew; agents work on, and what they tell comes from an earlier activation. Another host loads the session. */
  async crash(): Promise<void> {
    this.#commands = []
    for (const work of this.#work.values()) this.#messages.push(outcome(work.ref, this.#try(work)))
    this.#work.clear()
    this.#attempts.clear()
    const read = (key: string) => JSON.parse(this.#store.get(key) ?? assert.fail(`the part ${key} is missing from the store`))
    const { state } = await fromHead(read('head'), async (key, schema) => schema.parse(read(key)))
    this.session.state = state
    this.send({ type: 'activate' })
  }

  /** Whoever lets a step be tried again that may have happened takes it upon himself. */
  decide(action: 'approve' | 'reject'): void {
    const asked = this.session.state.turns.flatMap(({ turn, approvals }) =>
      approvals.flatMap((approval) => (approval.status === 'pending' ? [{ turn, ...approval }] : [])),
    )
    const approval = asked[this.#pick(Math.max(1, asked.length))]
    if (approval === undefined) return
    const { turn, stepId, kind, id: approvalId, hash } = approval
    if (kind === 'failure') this.#mayHaveHappened.delete(`${this.session.state.sessionId}/${turn}/${stepId}`)
    this.send({ type: 'decide', decision: { approvalId, action, by: { id: 'ann', roles: [], isAdmin: true }, hash } })
  }

  send(input: SessionInput): void {
    const before = this.session.state
    const advance = this.session.send(input)
    if (input.type === 'outcome') this.#attempts.delete(keyOf(input))
    this.#check(before, input, advance)
    this.#commands.push(...advance.commands)
    this.#commit()
    for (const turn of advance.state.turns) {
      if (turn.phase === 'ended' && !this.ended.has(turn.turn)) this.ended.set(turn.turn, turn)
    }
  }

  /** From here on nothing breaks any more, and nothing but the heartbeat wakes the session: every turn has to end. */
  async calm(): Promise<void> {
    while (this.#submitted < this.#scenarios.length) this.submit()
    for (let round = 0; round < 2_000 && this.ended.size < this.#scenarios.length; round += 1) {
      if (this.session.state.isPaused) this.send({ type: 'resume' })
      while (this.#commands.length > 0) this.perform()
      while (this.#work.size > 0) this.finish()
      while (this.#messages.length > 0) this.deliver()
      this.decide('approve')
      if (this.#commands.length > 0 || this.ended.size === this.#scenarios.length) continue
      const beat = beatOf(this.session.state)
      assert.notEqual(beat, 'never', 'a session with work to do has a heartbeat')
      this.wait(typeof beat === 'object' ? Math.max(0, beat.fromMs - this.session.nowMs) : 15_000)
    }
    assert.ok(
      this.session.state.turns.every(({ status }) => isTerminalTurn(status)),
      'every turn ends',
    )
  }

  #begin({ turn, stepId, epoch, attempt }: StepRef): void {
    const ref = { turn, stepId, epoch, attempt }
    const request = executeRequest(this.session.state, ref)
    const step = this.session.state.turns
      .find((candidate) => candidate.turn === turn)
      ?.plan?.steps.find((candidate) => candidate.stepId === stepId)
    if (request === undefined || step === undefined || this.#attempts.has(keyOf(ref))) return
    this.#attempts.add(keyOf(ref))
    const stepKey = request.idempotencyKey
    if (step.idempotent === false) {
      assert.ok(!this.#mayHaveHappened.has(stepKey), `step ${stepId} must not happen twice`)
      this.#mayHaveHappened.add(stepKey)
    }
    const fate = this.#fateOf(ref)
    const output = outputOf(step, { value: fate.value, dependencies: request.body.dependencies })
    const { approvals } = request.body.params
    const decided = Array.isArray(approvals) ? approvals.length : 0
    this.#work.set(keyOf(ref), { ref, stepKey, step, agent: request.agent, output, decided })
  }

  #try({ ref, stepKey, step, agent, output, decided }: Work): AttemptOutcome {
    const fate = this.#fateOf(ref)
    if (decided < fate.asks) {
      this.#mayHaveHappened.delete(stepKey)
      return { kind: 'needs_approval', action: 'go on', args: { part: decided }, reason: 'it is dear' }
    }
    const tries = (this.#tries.get(`${stepKey}/${agent}`) ?? 0) + 1
    this.#tries.set(`${stepKey}/${agent}`, tries)
    const isBroken = fate.brokenAgents.includes(agent)
    if (!isBroken && tries > fate.failures) {
      const steps = addedSteps(step, fate)
      return { kind: 'succeeded', output, citations: [], confidence: 1, ...(steps.length === 0 ? {} : { steps }) }
    }
    this.#mayHaveHappened.delete(stepKey)
    return { kind: 'failed', problem: { code: 'upstream_error', message: 'broken', isRetryable: !isBroken } }
  }

  #fateOf({ turn, stepId }: StepRef): Fate {
    return this.#scenarios[turn - 1]?.fates[stepId] ?? { failures: 0, brokenAgents: [], value: 0, adds: 0, asks: 0 }
  }

  #planned({ turn, planAttempt }: { turn: number; planAttempt: number }): SessionInput {
    const plan = this.#scenarios[turn - 1]?.plan ?? assert.fail(`turn ${turn} is not in the scenario`)
    return { type: 'planned', turn, planAttempt, result: { kind: 'plan', plan } }
  }

  #takeWork(): Work | undefined {
    const work = [...this.#work.values()]
    const taken = work[this.#pick(Math.max(1, work.length))]
    if (taken !== undefined) this.#work.delete(keyOf(taken.ref))
    return taken
  }

  #takeOne<T>(from: T[]): T | undefined {
    return from.length === 0 ? undefined : from.splice(this.#pick(from.length), 1)[0]
  }

  #commit(): void {
    const parts = partsOf(this.session.state)
    for (const key of this.#store.keys()) if (!parts.has(key)) this.#store.delete(key)
    for (const [key, part] of parts) if (part !== undefined && !this.#store.has(key)) this.#store.set(key, JSON.stringify(part))
    this.#store.set('head', JSON.stringify(toHead(this.session.state)))
  }
}

function keyOf({ turn, stepId, epoch, attempt }: StepRef): string {
  return `${turn}/${stepId}/${epoch}/${attempt}`
}

function outcome(ref: StepRef, ended: AttemptOutcome): SessionInput {
  return { type: 'outcome', ...ref, usage: [], outcome: ended }
}
