import { type ApprovalPolicy, type ChatMessage, WeftError, type WorkflowPlan } from '@weft/contracts'
import type { ActorType } from '@weft/mesh'
import { beginSession } from '../core/new-session.ts'
import type { InputReply } from '../core/session-advance.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState, StepRef } from '../core/session-state.ts'
import type { AttemptTold } from '../core/session-view.ts'
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
  /** The approval policies that hold now; a turn takes them over with its plan. */
  policies: ApprovalPolicy[]
  agentVersions: () => Record<string, string>
  ensureAgentsKnown: (plan: WorkflowPlan) => Promise<void>
  /** How an attempt that this host runs stands. */
  tellAttempt: (actorId: string, ref: StepRef) => AttemptTold | undefined
  /** Has the runtime tick a session, on the host it belongs to now. */
  wake: (actorId: string) => Promise<unknown>
  /** What was said in a session that was compacted, and so holds no turns any more. */
  history: (tenant: string, sessionId: string) => Promise<ChatMessage[]>
  /** Deletes a session from the database that the state store does not have; resolves to whether the database had it. */
  eraseLost: SessionCalls['eraseLost']
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

interface Hosted {
  mailbox: Mailbox
  /** Events up to this one were handed to the log and to the turn's readers. */
  recordedSeq: number
  wakeTimer: NodeJS.Timeout | undefined
  restTimer: NodeJS.Timeout | undefined
  /** Commits that failed since the last one that did not. */
  lostCount: number
}

/** A session with nothing under way stays in memory for this long, for the next message or a decision. */
const restMs = 30_000
/** A mailbox that turns out to hold no session is forgotten after this. */
const emptyMs = 1_000
/** How often a session whose commit failed is woken from here, 0.5 s to 16 s later; after that only its reminder wakes it. */
const wakesMax = 6
/** The longest delay of a Node timer. When it fires too early for the session, the tick changes nothing and sets the next one. */
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
    const { effects, history, ensureAgentsKnown, tellAttempt, eraseLost } = this.#options
    const session: SessionCalls = {
      post: (input) => this.#open(actorId).mailbox.post(input),
      read: () => this.#readOrThrow(actorId),
      prepare: (request) => {
        if (this.#open(actorId).mailbox.isIdle()) effects.prepare(actorId, request)
      },
      ensureAgentsKnown,
      tellAttempt: (ref) => tellAttempt(actorId, ref),
      eraseLost,
      readOutcomes: (turn, stepIds) => this.#open(actorId).mailbox.readOutcomes(turn, stepIds),
      loadHistory: ({ tenant, sessionId }) => history(tenant, sessionId),
      keep: () => this.#keep(actorId),
    }
    return this.#forgetIfFailed(actorId, invokeSession(session, { actorId, method, argument }))
  }

  /** A beat of the session's own reminder. `cancel` deletes the reminder. */
  remind(actorId: string): Promise<'keep' | 'cancel'> {
    return this.#forgetIfFailed(actorId, this.#beat(actorId))
  }

  async #beat(actorId: string): Promise<'keep' | 'cancel'> {
    const { mailbox } = this.#open(actorId)
    const state = await mailbox.read()
    if (state === undefined) {
      this.#forgetEmpty(actorId)
      return 'cancel'
    }
    mailbox.heartbeat.noteBeat()
    await this.#tick(actorId, state)
    return 'keep'
  }

  /** Asks again for whatever should be happening, and hands events that may not be in the log to it again. */
  async #tick(actorId: string, state: SessionState): Promise<void> {
    const { mailbox } = this.#open(actorId)
    await mailbox.post({ type: 'tick' })
    const unlogged = state.outbox.flatMap((batch) => batch.events)
    if (unlogged.length > 0) this.#options.effects.record(actorId, state, unlogged)
    relaxHeartbeat(mailbox, mailbox.peek() ?? state)
  }

  /** The actor method `keep`, called for each session of a watch whose reminder was heard: the watch ends, so that each needs a reminder of its own. */
  async #keep(actorId: string): Promise<void> {
    const { mailbox } = this.#open(actorId)
    const state = await mailbox.read()
    if (state === undefined) return this.#forgetEmpty(actorId)
    if (beatOf(state) !== 'never') await mailbox.heartbeat.armOwnReminder()
    await this.#tick(actorId, state)
  }

  /**
   * Arms a session's own reminder, unless it needs none any more. A session that is not in memory here any more gets one in any case: nothing else may be
   * left that wakes it.
   */
  async settle(actorId: string): Promise<void> {
    const mailbox = this.#hosted.get(actorId)?.mailbox
    const state = mailbox?.peek()
    if (mailbox === undefined) await this.#options.store.arm(actorId)
    else if (state === undefined || beatOf(state) !== 'never') await mailbox.heartbeat.armOwnReminder()
  }

  async deactivate(actorId: string): Promise<void> {
    const entry = this.#hosted.get(actorId)
    if (entry === undefined) return
    clearWakeTimer(entry)
    await entry.mailbox.drop()
    this.#forgetLater(actorId, entry)
  }

  /** Applies an input to a session hosted here, without a detour through the sidecar. */
  apply(actorId: string, input: SessionInput): Promise<InputReply | undefined> {
    return this.#forgetIfFailed(actorId, this.#open(actorId).mailbox.post(input))
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

  async #readOrThrow(actorId: string): Promise<SessionState> {
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
      create: (input) => beginSession(input, this.#options.nowMs()),
      onCommitted: (committed) => this.#afterCommit(actorId, committed),
      onLost: (cause) => this.#afterLoss(actorId, cause),
    })
    const opened: Hosted = { mailbox, recordedSeq: 0, wakeTimer: undefined, restTimer: undefined, lostCount: 0 }
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
    if (beatOf(state) !== 'always') this.#restLater(actorId, entry, state)
  }

  #scheduleWake(actorId: string, entry: Hosted, state: SessionState): void {
    clearWakeTimer(entry)
    clearTimeout(entry.restTimer)
    const nowMs = this.#options.nowMs()
    const wakeMs = nextWakeMs(state, nowMs)
    if (wakeMs === undefined) return
    const tick = () => this.apply(actorId, { type: 'tick' })
    this.#wakeLater(actorId, entry, { tick, delayMs: Math.max(5, wakeMs - nowMs) })
  }

  #wakeLater(actorId: string, entry: Hosted, { tick, delayMs }: { tick: () => Promise<unknown>; delayMs: number }): void {
    clearWakeTimer(entry)
    const act = () => {
      entry.wakeTimer = undefined
      void tick()
        .catch((cause: unknown) => this.#options.onProblem('tick', actorId, cause))
        .finally(() => this.#forgetEmpty(actorId))
    }
    entry.wakeTimer = setTimeout(act, Math.min(delayMs, timerMaxMs))
  }

  /** A session that only waits leaves memory after a while: the store has it, and its reminder wakes it in time. */
  #restLater(actorId: string, entry: Hosted, state: SessionState): void {
    relaxHeartbeat(entry.mailbox, state)
    this.#forgetLater(actorId, entry)
  }

  #forgetLater(actorId: string, entry: Hosted): void {
    clearTimeout(entry.restTimer)
    entry.restTimer = setTimeout(() => {
      const { mailbox } = entry
      const state = mailbox.peek()
      const isUnderWay = state !== undefined && beatOf(state) === 'always'
      if (mailbox.isIdle() && !isUnderWay) this.#forget(actorId)
    }, restMs)
  }

  /**
   * A commit failed, so that the state in memory was dropped. The session is woken after 0.5 s, and after each further failure twice as late, up to 16 s. It
   * is woken through the runtime, which may have given it to another host meanwhile, or have forgotten that it is here.
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
        if (this.#hosted.get(actorId) === entry && entry.wakeTimer === undefined) this.#wakeLost(actorId, entry)
        throw cause
      }
    }
    this.#wakeLater(actorId, entry, { tick, delayMs: 250 * 2 ** entry.lostCount })
  }

  /** What failed may have opened a mailbox for a session that does not exist, or belongs to another host: that is forgotten again. */
  #forgetIfFailed<T>(actorId: string, done: Promise<T>): Promise<T> {
    return done.catch((refusal: unknown) => {
      this.#forgetEmpty(actorId)
      throw refusal
    })
  }

  /** Forgets a mailbox without a session a second later, unless a session has begun in it by then or is to be woken. */
  #forgetEmpty(actorId: string): void {
    const forget = () => {
      const entry = this.#hosted.get(actorId)
      if (entry?.wakeTimer === undefined && entry?.mailbox.isEmpty()) this.#forget(actorId)
    }
    if (this.#hosted.get(actorId)?.mailbox.peek() !== undefined) return
    setTimeout(forget, emptyMs).unref()
  }

  #forget(actorId: string): void {
    const entry = this.#hosted.get(actorId)
    if (entry === undefined) return
    clearWakeTimer(entry)
    clearTimeout(entry.restTimer)
    entry.mailbox.stop()
    this.#hosted.delete(actorId)
  }
}

function clearWakeTimer(entry: Hosted): void {
  clearTimeout(entry.wakeTimer)
  entry.wakeTimer = undefined
}

/** Has the reminder sleep until the next deadline, or ends it, where nothing is under way that it has to watch over. */
function relaxHeartbeat({ heartbeat }: Mailbox, state: SessionState): void {
  const beat = beatOf(state)
  if (beat === 'never') heartbeat.end()
  else if (beat !== 'always') heartbeat.sleepUntil(beat.fromMs)
}
