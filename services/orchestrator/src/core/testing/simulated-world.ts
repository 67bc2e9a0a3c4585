import assert from 'node:assert/strict'
import { type ApprovalPolicy, type ForkSource, isTerminalTurn, toWeftError, type WorkflowPlan } from '@weft/contracts'
import { executeRequest } from '../execute-request.ts'
import { planSeed, seedOf } from '../seed-turn.ts'
import type { Advance, SessionCommand } from '../session-advance.ts'
import type { SessionInput } from '../session-input.ts'
import type { StepRef, TurnState } from '../session-state.ts'
import { DrivenSession, turnRequest } from '../testing.ts'
import { beatOf } from '../tick-session.ts'
import { createAdvanceCheck } from './check-advance.ts'
import { checkForked, checkSeed } from './check-fork.ts'
import type { PersonAct } from './random-decision.ts'
import type { Fate } from './sequential-run.ts'
import { isUncertain, SimulatedAgents } from './simulated-agents.ts'
import { SimulatedPeople } from './simulated-people.ts'
import { SimulatedStore } from './simulated-store.ts'
import { ToldWork } from './told-work.ts'

/** One turn: its plan, whether the client brings it, the planner makes it or it is a fork's, and what becomes of its steps whenever they are tried. */
export interface Scenario {
  plan: WorkflowPlan
  isPlanned: boolean
  fates: Record<string, Fate>
  source?: ForkSource
}

type Choose = (count: number) => number

const forksMax = 3

/**
 * A session with everything around it: the store, the log, the planner, agents, messages on their way, people who decide. Nothing happens by
 * itself: each move takes one of the things that could happen next, chosen by `pick`.
 */
export class SimulatedWorld {
  readonly session = new DrivenSession()
  /** Each turn as it ended. */
  readonly ended = new Map<number, TurnState>()
  /** Forks of its turns, each run to its end. */
  readonly forks: { turn: number; world: SimulatedWorld }[] = []
  readonly #scenarios: Scenario[]
  readonly #pick: Choose
  readonly #check = createAdvanceCheck()
  readonly #agents: SimulatedAgents
  readonly #people: SimulatedPeople
  readonly #store = new SimulatedStore()
  readonly #works = new ToldWork()
  /** Events by seq. */
  readonly #logged = new Set<number>()
  #submitted = 0
  #commands: SessionCommand[] = []
  /** Attempts this host knows: at work, or ended and not yet told to the session. */
  #attempts = new Set<string>()
  /** Those of them that wait for a place at their agent. */
  readonly #waiting = new Set<string>()
  #messages: SessionInput[] = []

  constructor(scenarios: Scenario[], { pick, policies }: { pick: Choose; policies: ApprovalPolicy[] }) {
    this.session.policies = policies
    this.#scenarios = scenarios
    this.#pick = pick
    this.#agents = new SimulatedAgents(pick)
    this.#people = new SimulatedPeople(pick)
    this.submit()
  }

  get isDeleted(): boolean {
    return this.session.state.deletion !== 'none'
  }

  /** One more turn: planned, with its own plan, or as a fork. */
  submit(): void {
    const scenario = this.#scenarios[this.#submitted]
    if (scenario === undefined) return
    this.#submitted += 1
    const requestId = `req_${this.#submitted}`
    const { source, isPlanned, plan } = scenario
    const request = source === undefined ? { options: isPlanned ? {} : { plan } } : { ...source.request, seed: source.seed }
    this.send({ type: 'submit', request: turnRequest({ requestId, ...request }) })
  }

  /** The host does one of the things it was told after a commit. */
  perform(): void {
    const command = this.#takeOne(this.#commands)
    if (command?.type === 'plan') this.#messages.push(...this.#planned(command))
    if (command?.type === 'dispatch') this.#begin(command)
    if (command?.type === 'abort') this.#abort(command)
    if (command?.type === 'hold') this.#hold(command)
    if (command?.type === 'erase') this.#messages.push({ type: 'erased' })
  }

  /** It does not: the host was too busy, or the call was lost. */
  forget(): void {
    this.#takeOne(this.#commands)
  }

  /** An agent ends its work; what it tells is on its way. */
  finish(): void {
    this.#messages.push(...this.#agents.finish())
  }

  /** An agent ends its work, and its answer is cut off. */
  cutOff(): void {
    this.#messages.push(...this.#agents.cutOff())
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

  /** One message never arrives, and the host knows no more of what it was about; with an end that nobody could tell again the host is lost too. */
  async lose(): Promise<void> {
    const message = this.#takeOne(this.#messages)
    if (message === undefined) return
    if (message.type === 'outcome') this.#attempts.delete(keyOf(message))
    if (isUncertain(message)) await this.crash()
  }

  wait(ms: number): void {
    this.session.nowMs += ms
    this.send({ type: 'tick' })
  }

  /** The log takes some of the events that wait for it. */
  record(): void {
    const waiting = this.session.state.outbox.flatMap(({ events }) => events)
    this.#record(1 + this.#pick(Math.max(1, waiting.length)))
  }

  /** The host is gone with all it knew; agents work on, and what they tell comes from an earlier activation. Another host loads the session. */
  async crash(): Promise<void> {
    this.#commands = []
    this.#attempts.clear()
    this.#waiting.clear()
    this.session.state = await this.#store.load()
    this.send({ type: 'activate' })
  }

  /** Somebody decides about what is shown to him, at once or when it may have changed. */
  decide(act: PersonAct): void {
    const decision = this.#people.decide(this.session.state, act)
    if (decision === undefined) return
    if (this.#pick(3) === 0) this.#messages.push({ type: 'decide', decision })
    else this.send({ type: 'decide', decision })
  }

  /** One turn ends unfinished, or all do. */
  cancel(): void {
    const { turns } = this.session.state
    this.send({ type: 'cancel', turn: turns[this.#pick(turns.length + 1)]?.turn })
  }

  /** One turn as it is now is begun again in another session, from any of its steps, and runs to its end. */
  async fork(pick = this.#pick): Promise<void> {
    const { turns } = this.session.state
    const turn = turns[pick(Math.max(1, turns.length))]
    const scenario = this.#scenarios[(turn?.turn ?? 0) - 1]
    if (turn?.plan === undefined || scenario === undefined || this.forks.length >= forksMax) return
    const wish = { turn: turn.turn, fromStep: turn.plan.steps[pick(turn.plan.steps.length + 1)]?.stepId }
    const { plan, stepIds } = planSeed(this.session.state, wish)
    const outcomes = await this.#store.readOutcomes(turn, stepIds)
    const source = seedOf(this.session.state, { turn, plan }, { outcomes, fromStep: wish.fromStep })
    checkSeed(turn.plan, source.seed)
    const world = new SimulatedWorld([{ ...scenario, source }], { pick: () => 0, policies: this.session.policies })
    this.forks.push({ turn: turn.turn, world })
    await world.crash()
    await world.calm()
    checkForked(source.seed, world.ended.get(1), world.session.events)
  }

  /** What is refused changes nothing. */
  send(input: SessionInput): void {
    const before = this.session.state
    const advance = this.#advance(input)
    if (advance === undefined) return
    if (input.type === 'outcome') this.#attempts.delete(keyOf(input))
    this.#check(before, input, advance)
    if (input.type === 'decide') {
      this.#people.check(before, input.decision, advance.reply)
      for (const work of this.#works.note(before, advance.state)) this.#agents.allowTwice(work)
    }
    this.#commands.push(...advance.commands)
    this.#store.commit(advance.state)
    for (const turn of advance.state.turns) {
      if (turn.phase === 'ended' && !this.ended.has(turn.turn)) this.ended.set(turn.turn, turn)
    }
  }

  /** From here on nothing breaks any more, and nothing but the heartbeat wakes the session: every turn has to end. */
  async calm(): Promise<void> {
    while (this.#submitted < this.#scenarios.length) this.submit()
    for (let round = 0; round < 2_000; round += 1) {
      if (this.session.state.isPaused) this.send({ type: 'resume' })
      while (this.#commands.length > 0) this.perform()
      while (this.#agents.isBusy) this.finish()
      while (this.#messages.length > 0) this.deliver()
      this.decide('approve')
      this.#record(Number.POSITIVE_INFINITY)
      if (this.#commands.length + this.#messages.length > 0) continue
      const beat = beatOf(this.session.state)
      if (beat === 'never') break
      this.wait(typeof beat === 'object' ? Math.max(0, beat.fromMs - this.session.nowMs) : 15_000)
    }
    assert.equal(beatOf(this.session.state), 'never', 'the session comes to rest')
    const { lastSeq, turns } = this.session.state
    assert.ok(
      turns.every(({ status }) => isTerminalTurn(status)),
      'every turn ends',
    )
    if (!this.isDeleted) assert.equal(this.#logged.size, lastSeq, 'every event is in the log')
  }

  #begin({ turn, stepId, epoch, attempt }: StepRef): void {
    const ref = { turn, stepId, epoch, attempt }
    const request = executeRequest(this.session.state, ref)
    const owner = this.session.state.turns.find((candidate) => candidate.turn === turn)
    const step = owner?.plan?.steps.find((candidate) => candidate.stepId === stepId)
    const isWaiting = this.#waiting.delete(keyOf(ref))
    if (request === undefined || step === undefined || (this.#attempts.has(keyOf(ref)) && !isWaiting)) return
    this.#attempts.add(keyOf(ref))
    // Where it waits for a place, the next tick finds one.
    if (!isWaiting && this.#pick(4) === 1) {
      this.#waiting.add(keyOf(ref))
      return
    }
    if (request.isNotedFirst) this.send({ type: 'sending', ...ref })
    const fate = this.#scenarios[turn - 1]?.fates[stepId] ?? { failures: 0, brokenAgents: [], value: 0, adds: 0, asks: 0 }
    this.#messages.push(...this.#agents.execute(ref, { request, step, work: this.#works.nameOf(turn, stepId), fate }))
  }

  #abort({ turn, stepId, epoch, attempt }: StepRef): void {
    const ref = { turn, stepId, epoch, attempt }
    this.#waiting.delete(keyOf(ref))
    if (this.#attempts.delete(keyOf(ref))) this.#messages.push(...this.#agents.abort(ref))
  }

  #hold({ turn, stepId, epoch, attempt }: StepRef): void {
    const ref = { turn, stepId, epoch, attempt }
    if (!this.#waiting.delete(keyOf(ref))) return
    this.#attempts.delete(keyOf(ref))
    this.#messages.push({ type: 'unsent', ...ref })
  }

  #planned({ turn, planAttempt }: { turn: number; planAttempt: number }): SessionInput[] {
    const scenario = this.#scenarios[turn - 1]
    if (scenario === undefined || this.isDeleted) return []
    return [{ type: 'planned', turn, planAttempt, result: { kind: 'plan', plan: scenario.plan } }]
  }

  #record(count: number): void {
    const taken = this.session.state.outbox.flatMap(({ events }) => events).slice(0, count)
    const last = taken.at(-1)
    if (last === undefined) return
    for (const { seq } of taken) this.#logged.add(seq)
    this.#messages.push({ type: 'flushed', upToSeq: last.seq })
  }

  /** undefined: refused. */
  #advance(input: SessionInput): Advance | undefined {
    const before = this.session.state
    try {
      return this.session.send(input)
    } catch (thrown) {
      if (toWeftError(thrown).code === 'internal_error') throw thrown
      assert.ok(isAsked(input) || this.isDeleted, `${input.type} is not refused`)
      assert.equal(this.session.state, before)
      return undefined
    }
  }

  #takeOne<T>(from: T[]): T | undefined {
    return from.length === 0 ? undefined : from.splice(this.#pick(from.length), 1)[0]
  }
}

function keyOf({ turn, stepId, epoch, attempt }: StepRef): string {
  return `${turn}/${stepId}/${epoch}/${attempt}`
}

/** What people ask for may be refused; what the session's own host tells it may not. */
function isAsked({ type }: SessionInput): boolean {
  return type === 'submit' || type === 'decide'
}
