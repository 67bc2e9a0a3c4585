import { type ApprovalPolicy, hasCode, WeftError } from '@weft/contracts'
import { advanceSession } from '../core/advance-session.ts'
import type { AdvanceContext, InputReply, SessionCommand } from '../core/session-advance.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState, StepOutcome, TurnState } from '../core/session-state.ts'
import { beatOf } from '../core/tick-session.ts'
import type { SessionStore, StoredSession } from '../store/dapr-session-store.ts'
import { createHeartbeat, type Heartbeat } from '../wake/heartbeat.ts'
import type { Membership, Watches } from '../wake/watches.ts'
import { type AdvancedBatch, type Answer, advanceBatch, type Letter } from './advance-batch.ts'

/** What one committed turn of the actor leads to. */
export interface Committed {
  state: SessionState
  commands: SessionCommand[]
}

export interface MailboxOptions {
  actorId: string
  store: SessionStore
  watches: Pick<Watches, 'join'>
  /** Makes the state of a session that is not in the store yet; undefined refuses the input as `not_found`. */
  create: (input: SessionInput) => SessionState | undefined
  nowMs: () => number
  policies: ApprovalPolicy[]
  agentVersions: () => Record<string, string>
  onCommitted: (committed: Committed) => void
  /** The state was dropped because a commit failed; what was committed is to be loaded again. */
  onLost: (cause: unknown) => void
}

/** Events that are in the log leave the session's state with its next commit, at the latest after this. */
const flushDelayMs = 300

/** Inputs that may wait for one session; more are refused. Outcomes never are: their number is bounded by that of the attempts. */
const lettersMax = 10_000

/**
 * One session's turns, strictly one after the other, whatever the runtime's own lock does. Inputs that arrive while a turn is
 * being committed share the next one. A commit that fails drops the state: the store alone says what happened.
 */
export class Mailbox {
  readonly heartbeat: Heartbeat
  readonly #options: MailboxOptions
  #letters: Letter[] = []
  #stored: StoredSession | undefined
  /** The newest epoch that was committed from here. No other host can have it. */
  #committedEpoch: number | undefined
  /**
   * The epoch of a state that was dropped although no commit had failed. The attempts it had started run on here, so that when the state is loaded again
   * under the same epoch it goes on as it was, and is no new activation.
   */
  #droppedEpoch: number | undefined
  #working: Promise<void> | undefined
  #flushedSeq: number | undefined
  #flushTimer: NodeJS.Timeout | undefined
  #isFlushDue = false

  constructor(options: MailboxOptions) {
    const { actorId, store, watches } = options
    this.#options = options
    this.heartbeat = createHeartbeat({
      arm: () => store.arm(actorId),
      armAt: (atMs) => store.armAt(actorId, atMs),
      disarm: () => store.disarm(actorId),
      watch: () => watches.join(actorId),
    })
  }

  /** Hands an input over; resolves once what it led to is committed. Rejects with the refusal, or with why nothing could be committed. */
  post(input: SessionInput): Promise<InputReply | undefined> {
    if (this.#letters.length >= lettersMax && input.type !== 'outcome') {
      return Promise.reject(new WeftError('session_busy', `the session has ${this.#letters.length} inputs waiting`))
    }
    return new Promise((resolve, reject) => {
      this.#letters.push({ input, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /**
   * Events up to this one are in the log. The store learns that with the next commit, or after 300 ms; a crash before that only has the events written to
   * the log again.
   */
  noteFlushed(upToSeq: number): void {
    if (this.#stored === undefined) return
    this.#flushedSeq = Math.max(this.#flushedSeq ?? 0, upToSeq)
    this.#flushTimer ??= setTimeout(() => this.#commitFlushed(), flushDelayMs)
  }

  /** Nothing is committed of itself any more. What the log has is told to the store by whoever loads the session next. */
  stop(): void {
    clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
  }

  #commitFlushed(): void {
    this.#flushTimer = undefined
    if (this.#stored === undefined) return
    this.#isFlushDue = true
    this.#working ??= this.#work()
  }

  /** The state as of the last commit; undefined while it is not loaded. */
  peek(): SessionState | undefined {
    return this.#stored?.state
  }

  /** The state, loaded when it is not in memory; undefined when there is no such session. */
  async read(): Promise<SessionState | undefined> {
    if (this.#stored === undefined) await this.post({ type: 'tick' }).catch(rethrowUnlessMissing)
    return this.#stored?.state
  }

  /** Outputs of steps that succeeded, also of turns that have ended. */
  async readOutcomes(turn: TurnState, stepIds: string[]): Promise<Map<string, StepOutcome>> {
    await this.read()
    if (this.#stored === undefined) throw new WeftError('not_found', 'no such session')
    return this.#options.store.readOutcomes(this.#options.actorId, this.#stored, { turn, stepIds })
  }

  /** Forgets the state; the next input loads it again, as a new activation unless no other host had it meanwhile. */
  async drop(): Promise<void> {
    // Inputs that arrive meanwhile start another round of work.
    while (this.#working !== undefined) await this.#working
    if (this.#stored === undefined) return
    const { epoch } = this.#stored.state
    this.#droppedEpoch = epoch === this.#committedEpoch ? epoch : undefined
    this.#stored = undefined
  }

  #context(): AdvanceContext {
    const { nowMs, policies, agentVersions } = this.#options
    return { nowMs: nowMs(), policies, agentVersions: agentVersions() }
  }

  isIdle(): boolean {
    return this.#working === undefined && this.#letters.length === 0 && this.#flushTimer === undefined
  }

  /** Whether nothing is lost when the mailbox is forgotten: it holds no state, and no attempts run on here that a dropped state had started. */
  isEmpty(): boolean {
    return this.isIdle() && this.#stored === undefined && this.#droppedEpoch === undefined
  }

  async #work(): Promise<void> {
    await Promise.resolve()
    while (this.#letters.length > 0 || this.#isFlushDue) {
      const batch = this.#letters
      this.#letters = []
      await this.#turn(batch)
    }
    this.#working = undefined
  }

  async #turn(batch: Letter[]): Promise<void> {
    this.#isFlushDue = false
    try {
      await this.#load(batch)
    } catch (cause) {
      this.#stored = undefined
      // An outcome in this batch is lost. A new activation starts its attempt again, which would otherwise be taken for one that runs on here.
      if (batch.some(({ input }) => input.type === 'outcome')) this.#droppedEpoch = undefined
      for (const letter of batch) letter.reject(cause)
      return
    }
    await this.#finish(this.#advance(batch))
  }

  #advance(batch: Letter[]): AdvancedBatch {
    const flushedSeq = this.#flushedSeq
    this.#flushedSeq = undefined
    clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
    return advanceBatch(this.#stored?.state, batch, { context: this.#context(), flushedSeq })
  }

  /** Commits what the batch led to and then answers its inputs: nobody is told anything, not even of a refusal, that rests on what is not committed. */
  async #finish({ state, answers, commands }: AdvancedBatch): Promise<void> {
    if (state === undefined || this.#stored === undefined) return tell(answers, Promise.resolve())
    try {
      if (state !== this.#stored.state) {
        const watch = beatOf(state) === 'always' ? this.heartbeat.joinWatch() : undefined
        const endsWait = answers.some(({ letter }) => mayEndWait(letter.input))
        if (endsWait && beatOf(state) === 'always') await this.heartbeat.ensureArmed()
        this.#stored = await this.#commit(this.#stored, state, watch)
      }
    } catch (cause) {
      this.#stored = undefined
      this.heartbeat.invalidate()
      for (const { letter } of answers) letter.reject(cause)
      this.#options.onLost(cause)
      return
    }
    const armed = this.#keepAlive(state)
    this.#options.onCommitted({ state: this.#stored.state, commands })
    tell(answers, armed)
  }

  async #commit(stored: StoredSession, next: SessionState, watch?: Membership): Promise<StoredSession> {
    const { store, actorId } = this.#options
    const committed = await store.commit(actorId, { stored, next, note: watch?.note })
    this.#committedEpoch = committed.state.epoch
    return committed
  }

  /** Work goes on without waiting for this, but a turn is acknowledged only once a reminder is armed that wakes the session should this host be gone. */
  #keepAlive(state: SessionState): Promise<void> {
    if (beatOf(state) !== 'always') return Promise.resolve()
    const armed = this.heartbeat.ensureArmed()
    armed.catch(() => undefined)
    return armed
  }

  /**
   * Loads the state if it is not in memory. A loaded state is a new activation, with a new epoch, unless it is the one that was dropped here. The activation
   * is committed at once if work of an earlier one may still be under way, and otherwise with the first change.
   */
  async #load(batch: Letter[]): Promise<void> {
    const { actorId, store, create, onCommitted } = this.#options
    if (this.#stored !== undefined) return
    const found = await store.load(actorId)
    if (found === undefined) {
      const created = batch.map(({ input }) => create(input)).find((state) => state !== undefined)
      this.#stored = created === undefined ? undefined : { state: created, tags: new Map(), dropped: [] }
      if (created !== undefined) this.heartbeat.noteNew()
      return
    }
    const isOwn = found.state.epoch === this.#droppedEpoch
    this.#droppedEpoch = undefined
    if (isOwn) {
      this.#stored = found
      return
    }
    this.heartbeat.invalidate()
    const { state, commands } = advanceSession(found.state, { type: 'activate' }, this.#context())
    if (beatOf(found.state) !== 'always') {
      this.#stored = { ...found, state }
      return
    }
    this.#stored = await this.#commit(found, state)
    void this.#keepAlive(state)
    onCommitted({ state: this.#stored.state, commands })
  }
}

/** Answers a batch that is committed; whoever submitted a turn is told only once the session is woken whatever happens here (`armed`). */
function tell(answers: Answer[], armed: Promise<void>): void {
  for (const answer of answers) {
    const { letter } = answer
    if ('refusal' in answer) letter.reject(answer.refusal)
    else if (letter.input.type === 'submit') armed.then(() => letter.resolve(answer.reply), letter.reject)
    else letter.resolve(answer.reply)
  }
}

/** Whether an input may end a wait for people. The heartbeat may sleep for days then, so it has to beat again before there is work that could be lost. */
function mayEndWait({ type }: SessionInput): boolean {
  return type === 'decide' || type === 'resume'
}

function rethrowUnlessMissing(cause: unknown): undefined {
  if (hasCode(cause, 'not_found')) return undefined
  throw cause
}
