import { type ApprovalPolicy, type ChatMessage, parseValue, SessionId, WeftError, type WorkflowPlan } from '@weft/contracts'
import type { ActorType } from '@weft/mesh'
import { newSession } from '../core/new-session.ts'
import type { SessionInput, SessionState } from '../core/session-state.ts'
import { beatOf, nextWakeMs } from '../core/tick-session.ts'
import type { SessionStore } from '../store/dapr-session-store.ts'
import type { Watches } from '../wake/watches.ts'
import { performCommand, type SessionEffects } from './perform-command.ts'
import { type Committed, Mailbox } from './session-mailbox.ts'
import { invokeSession, type SessionCalls } from './session-methods.ts'

export interface SessionHostOptions {
  store: SessionStore
  watches: Pick<Watches, 'join'>
  effects: SessionEffects
  nowMs: () => number
  /** Those that hold now. */
  policies: ApprovalPolicy[]
  agentVersions: () => Record<string, string>
  meetAgents: (plan: WorkflowPlan) => Promise<void>
  /** Has the runtime tick a session, on the host where it belongs now. */
  wake: (actorId: string) => Promise<unknown>
  /** What was said in a session that keeps its counters only. */
  history: (tenant: string, sessionId: string) => Promise<ChatMessage[]>
  /** Takes a session that the store does not have out of the log; whether the log had it. */
  eraseLost: SessionCalls['eraseLost']
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

interface Hosted {
  mailbox: Mailbox
  recordedSeq: number
  wake: NodeJS.Timeout | undefined
  rest: NodeJS.Timeout | undefined
  lostCount: number
}

/** A session with nothing under way stays in memory for this long, for the next message or a decision. */
const restMs = 30_000
const emptyMs = 1_000
/** How often a session whose state was lost is woken from here, 0.5 s to 16 s later; from then on its reminder alone does. */
const wakesMax = 6
/** Node takes no longer timers; a later wake is set again when this one comes. */
const timerMaxMs = 2_147_483_647

/** The actor type `Session`: mailboxes by actor id, and the effects of their commits. */
export class SessionHost implements ActorType {
  readonly name = 'Session'
  readonly #options: SessionHostOptions
  readonly #hosted = new Map<string, Hosted>()

  constructor(options: SessionHostOptions) {
    this.#options = options
  }

  async invoke(actorId: string, method: string, argument: unknown): Promise<unknown> {
    const { effects, history, meetAgents, eraseLost } = this.#options
    const session: SessionCalls = {
      post: (input) => this.#open(actorId).mailbox.post(input),
      read: () => this.#mustRead(actorId),
      prepare: (request) => {
        if (this.#open(actorId).mailbox.isIdle()) effects.prepare(actorId, request)
      },
      meetAgents,
      eraseLost,
      readOutcomes: (turn, stepIds) => this.#open(actorId).mailbox.readOutcomes(turn, stepIds),
      loadHistory: ({ tenant, sessionId }) => history(tenant, sessionId),
      keep: () => this.#keep(actorId),
    }
    return this.#orForget(actorId, invokeSession(session, { actorId, method, argument }))
  }

  /** The heartbeat: what should be happening is asked for again, and events that may not be in the log are handed over again. */
  remind(actorId: string): Promise<'keep' | 'cancel'> {
    return this.#orForget(actorId, this.#beat(actorId))
  }

  async #beat(actorId: string): Promise<'keep' | 'cancel'> {
    const { mailbox } = this.#open(actorId)
    const state = await mailbox.read()
    if (state === undefined) {
      this.#forgetEmpty(actorId)
      return 'cancel'
    }
    mailbox.heartbeat.noteBeat()
    await this.#goOn(actorId, state)
    return 'keep'
  }

  async #goOn(actorId: string, state: SessionState): Promise<void> {
    const { mailbox } = this.#open(actorId)
    await mailbox.post({ type: 'tick' })
    const unlogged = state.outbox.flatMap((batch) => batch.events)
    if (unlogged.length > 0) this.#options.effects.record(actorId, state, unlogged)
    calm(mailbox, mailbox.peek() ?? state)
  }

  /** A watch that was heard ends once its sessions beat alone. */
  async #keep(actorId: string): Promise<void> {
    const { mailbox } = this.#open(actorId)
    const state = await mailbox.read()
    if (state === undefined) return this.#forgetEmpty(actorId)
    if (beatOf(state) !== 'never') await mailbox.heartbeat.beatAlone()
    await this.#goOn(actorId, state)
  }

  /** Has a session a reminder of its own, unless it needs none any more. One that is not here any more may need it most. */
  async settle(actorId: string): Promise<void> {
    const mailbox = this.#hosted.get(actorId)?.mailbox
    const state = mailbox?.peek()
    if (mailbox === undefined) await this.#options.store.arm(actorId)
    else if (state === undefined || beatOf(state) !== 'never') await mailbox.heartbeat.beatAlone()
  }

  async deactivate(actorId: string): Promise<void> {
    const entry = this.#hosted.get(actorId)
    if (entry === undefined) return
    clearWake(entry)
    await entry.mailbox.drop()
    this.#forgetLater(actorId, entry)
  }

  /** Applies an input to a session hosted here, without a detour through the sidecar. */
  async apply(actorId: string, input: SessionInput): Promise<void> {
    await this.#orForget(actorId, this.#open(actorId).mailbox.post(input))
  }

  noteFlushed(actorId: string, upToSeq: number): void {
    this.#hosted.get(actorId)?.mailbox.noteFlushed(upToSeq)
  }

  peek(actorId: string): SessionState | undefined {
    return this.#hosted.get(actorId)?.mailbox.peek()
  }

  hostedCount(): number {
    return this.#hosted.size
  }

  stop(): void {
    for (const actorId of [...this.#hosted.keys()]) this.#forget(actorId)
  }

  async #mustRead(actorId: string): Promise<SessionState> {
    const state = await this.#open(actorId).mailbox.read()
    if (state?.deletion === 'none') return state
    throw new WeftError('not_found', 'no such session')
  }

  #open(actorId: string): Hosted {
    const known = this.#hosted.get(actorId)
    if (known !== undefined) return known
    const mailbox = new Mailbox({
      actorId,
      store: this.#options.store,
      watches: this.#options.watches,
      nowMs: this.#options.nowMs,
      policies: this.#options.policies,
      agentVersions: this.#options.agentVersions,
      create: (input) => createFor(input, this.#options.nowMs()),
      onCommitted: (committed) => this.#afterCommit(actorId, committed),
      onLost: (cause) => this.#afterLoss(actorId, cause),
    })
    const opened: Hosted = { mailbox, recordedSeq: 0, wake: undefined, rest: undefined, lostCount: 0 }
    this.#hosted.set(actorId, opened)
    return opened
  }

  #afterCommit(actorId: string, { state, commands }: Committed): void {
    const entry = this.#hosted.get(actorId)
    if (entry === undefined) return
    entry.lostCount = 0
    const fresh = state.outbox.flatMap((batch) => batch.events).filter((event) => event.seq > entry.recordedSeq)
    entry.recordedSeq = state.lastSeq
    if (fresh.length > 0) this.#options.effects.record(actorId, state, fresh)
    for (const command of commands) performCommand(this.#options.effects, { actorId, state, command })
    this.#scheduleWake(actorId, entry, state)
    if (beatOf(state) !== 'always') this.#rest(actorId, entry, state)
  }

  #scheduleWake(actorId: string, entry: Hosted, state: SessionState): void {
    clearWake(entry)
    clearTimeout(entry.rest)
    const nowMs = this.#options.nowMs()
    const wakeMs = nextWakeMs(state, nowMs)
    if (wakeMs === undefined) return
    const tick = () => this.apply(actorId, { type: 'tick' })
    this.#wakeLater(actorId, entry, { tick, delayMs: Math.max(5, wakeMs - nowMs) })
  }

  #wakeLater(actorId: string, entry: Hosted, { tick, delayMs }: { tick: () => Promise<unknown>; delayMs: number }): void {
    clearWake(entry)
    const act = () => {
      entry.wake = undefined
      void tick()
        .catch((cause: unknown) => this.#options.onProblem('tick', actorId, cause))
        .finally(() => this.#forgetEmpty(actorId))
    }
    entry.wake = setTimeout(act, Math.min(delayMs, timerMaxMs))
  }

  /** A session that only waits costs no memory: the store and the reminder keep it. */
  #rest(actorId: string, entry: Hosted, state: SessionState): void {
    calm(entry.mailbox, state)
    this.#forgetLater(actorId, entry)
  }

  #forgetLater(actorId: string, entry: Hosted): void {
    clearTimeout(entry.rest)
    entry.rest = setTimeout(() => {
      const { mailbox } = entry
      const state = mailbox.peek()
      const isUnderWay = state !== undefined && beatOf(state) === 'always'
      if (mailbox.isIdle() && !isUnderWay) this.#forget(actorId)
    }, restMs)
  }

  /**
   * The session is woken soon, doubling from 0.5 s to 16 s; its reminder does the same should this process be gone. By the runtime: it may
   * have given the session to another host, or have forgotten that it is here.
   */
  #afterLoss(actorId: string, cause: unknown): void {
    this.#options.onProblem('commit', actorId, cause)
    const entry = this.#hosted.get(actorId)
    if (entry === undefined) return
    entry.recordedSeq = 0
    this.#wakeLost(actorId, entry)
  }

  #wakeLost(actorId: string, entry: Hosted): void {
    entry.lostCount += 1
    if (entry.lostCount > wakesMax) {
      this.#forget(actorId)
      return
    }
    const tick = async () => {
      try {
        await this.#options.wake(actorId)
      } catch (cause) {
        if (this.#hosted.get(actorId) === entry && entry.wake === undefined) this.#wakeLost(actorId, entry)
        throw cause
      }
    }
    this.#wakeLater(actorId, entry, { tick, delayMs: 250 * 2 ** entry.lostCount })
  }

  /** What failed may have been about a session that is not here, or nowhere. */
  #orForget<T>(actorId: string, done: Promise<T>): Promise<T> {
    return done.catch((refusal: unknown) => {
      this.#forgetEmpty(actorId)
      throw refusal
    })
  }

  /** A mailbox made for no session goes a moment later, unless one began in it meanwhile or is to be woken. */
  #forgetEmpty(actorId: string): void {
    const forget = () => {
      const entry = this.#hosted.get(actorId)
      if (entry?.wake === undefined && entry?.mailbox.isEmpty()) this.#forget(actorId)
    }
    if (this.#hosted.get(actorId)?.mailbox.peek() !== undefined) return
    setTimeout(forget, emptyMs).unref()
  }

  #forget(actorId: string): void {
    const entry = this.#hosted.get(actorId)
    if (entry === undefined) return
    clearWake(entry)
    clearTimeout(entry.rest)
    this.#hosted.delete(actorId)
  }
}

function clearWake(entry: Hosted): void {
  clearTimeout(entry.wake)
  entry.wake = undefined
}

/** The reminder is heard no earlier than it is needed. */
function calm({ heartbeat }: Mailbox, state: SessionState): void {
  const beat = beatOf(state)
  if (beat === 'never') heartbeat.end()
  else if (beat !== 'always') heartbeat.sleepUntil(beat.fromMs)
}

function createFor(input: SessionInput, nowMs: number): SessionState | undefined {
  if (input.type !== 'submit') return undefined
  const { tenant, sessionId, user } = input.request
  const state = newSession({ tenant, sessionId: parseValue(SessionId, sessionId, 'the session id'), user }, nowMs)
  return { ...state, epoch: 1 }
}
