import { type ApprovalPolicy, hasCode, WeftError } from '@weft/contracts'
import { advanceSession } from '../core/advance-session.ts'
import type {
  AdvanceContext,
  InputReply,
  SessionCommand,
  SessionInput,
  SessionState,
  StepOutcome,
  TurnState,
} from '../core/session-state.ts'
import { beatOf, nextWakeMs } from '../core/tick-session.ts'
import type { SessionStore, StoredSession } from '../store/dapr-session-store.ts'
import { createHeartbeat, type Heartbeat } from '../wake/heartbeat.ts'
import type { Membership, Watches } from '../wake/watches.ts'

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

interface Letter {
  input: SessionInput
  resolve: (reply: InputReply | undefined) => void
  reject: (cause: unknown) => void
}

type Answer = { letter: Letter; reply: InputReply | undefined } | { letter: Letter; refusal: unknown }

interface Advanced {
  state: SessionState | undefined
  answers: Answer[]
  commands: SessionCommand[]
}

/** How long it may take until the store, too, knows which events are in the log. */
const flushDelayMs = 300

/** Inputs waiting for one actor at most; more are refused, except outcomes, of which there are no more than attempts. */
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
  /** Nobody else's: the store took a commit under it from here. */
  #committedEpoch: number | undefined
  /** Of the state that was dropped in good order: what it led to was done, and runs on here. */
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

  /** Hands an input over; resolves once what it led to is committed. Rejects with the refusal, or why nothing could be committed. */
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
   * Events up to this one are in the log. Not worth a commit of its own: the next one tells the store, at the latest in a moment; until
   * then a crash only has them written again.
   */
  noteFlushed(upToSeq: number): void {
    if (this.#stored === undefined) return
    this.#flushedSeq = Math.max(this.#flushedSeq ?? 0, upToSeq)
    this.#flushTimer ??= setTimeout(() => this.#commitFlushed(), flushDelayMs)
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
    // What arrives while it waits starts another turn.
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

  /** Nothing goes with it: neither a state nor that work of one that was dropped runs on here. */
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
      // How an attempt ended is not known any more, so it must not be taken for one that runs on.
      if (batch.some(({ input }) => input.type === 'outcome')) this.#droppedEpoch = undefined
      for (const letter of batch) letter.reject(cause)
      return
    }
    await this.#finish(this.#advance(batch))
  }

  /** An input that is refused leaves the others of its batch untouched. A decision comes after the deadlines before it, also if it is refused. */
  #advance(batch: Letter[]): Advanced {
    const made: Advanced = { state: this.#stored?.state, answers: [], commands: [] }
    const context = this.#context()
    this.#forgetFlushed(made)
    if (batch.some(({ input }) => input.type === 'decide')) passTime(made, context)
    for (const letter of batch) {
      try {
        if (made.state === undefined) throw new WeftError('not_found', 'no such session')
        const { state, commands, reply } = advanceSession(made.state, letter.input, context)
        made.state = state
        made.commands.push(...commands)
        made.answers.push({ letter, reply })
      } catch (refusal) {
        made.answers.push({ letter, refusal })
      }
    }
    return made
  }

  #forgetFlushed(made: Advanced): void {
    const upToSeq = this.#flushedSeq
    this.#flushedSeq = undefined
    clearTimeout(this.#flushTimer)
    this.#flushTimer = undefined
    if (upToSeq === undefined || made.state === undefined) return
    made.state = advanceSession(made.state, { type: 'flushed', upToSeq }, this.#context()).state
  }

  /** Nobody is told, not even of a refusal, before what it rests on is committed. */
  async #finish({ state, answers, commands }: Advanced): Promise<void> {
    if (state === undefined || this.#stored === undefined) return tell(answers, Promise.resolve())
    try {
      if (state !== this.#stored.state) {
        const watch = beatOf(state) === 'always' ? this.heartbeat.cover() : undefined
        if (answers.some(({ letter }) => startsWork(letter.input)) && beatOf(state) === 'always') await this.heartbeat.ensure()
        this.#stored = await this.#commit(this.#stored, state, watch)
      }
    } catch (cause) {
      this.#stored = undefined
      this.heartbeat.doubt()
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

  /** The work goes on at once, but nobody is told that a turn is accepted before it is woken whatever happens here. */
  #keepAlive(state: SessionState): Promise<void> {
    if (beatOf(state) !== 'always') return Promise.resolve()
    const armed = this.heartbeat.ensure()
    armed.catch(() => undefined)
    return armed
  }

  /** What is loaded is a new activation; it is committed at once where work of an earlier one may still be under way. */
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
    this.heartbeat.doubt()
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

function passTime(made: Advanced, context: AdvanceContext): void {
  if (made.state === undefined) return
  const dueMs = nextWakeMs(made.state, context.nowMs)
  if (dueMs === undefined || dueMs > context.nowMs) return
  const { state, commands } = advanceSession(made.state, { type: 'tick' }, context)
  made.state = state
  made.commands.push(...commands)
}

function tell(answers: Answer[], armed: Promise<void>): void {
  for (const answer of answers) {
    const { letter } = answer
    if ('refusal' in answer) letter.reject(answer.refusal)
    else if (letter.input.type === 'submit') armed.then(() => letter.resolve(answer.reply), letter.reject)
    else letter.resolve(answer.reply)
  }
}

/** What leads out of a wait: its heartbeat may sleep for days, and has to beat before the work can be lost. */
function startsWork({ type }: SessionInput): boolean {
  return type === 'decide' || type === 'resume'
}

function rethrowUnlessMissing(cause: unknown): undefined {
  if (hasCode(cause, 'not_found')) return undefined
  throw cause
}
