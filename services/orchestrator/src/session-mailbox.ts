import { WeftError } from '@weft/contracts'
import { advanceSession } from './core/advance-session.ts'
import type { SessionCommand, SessionInput, SessionState, SubmitReply } from './core/session-state.ts'
import type { SessionStore, StoredSession } from './dapr-session-store.ts'
import { createHeartbeat } from './heartbeat.ts'

/** What one committed turn of the actor leads to. */
export interface Committed {
  state: SessionState
  commands: SessionCommand[]
}

export interface MailboxOptions {
  actorId: string
  store: SessionStore
  /** Makes the state of a session that is not in the store yet; undefined refuses the input as `not_found`. */
  create: (input: SessionInput) => SessionState | undefined
  nowMs: () => number
  onCommitted: (committed: Committed) => void
  /** The state was dropped because a commit failed; what was committed is to be loaded again. */
  onLost: (cause: unknown) => void
}

interface Letter {
  input: SessionInput
  resolve: (reply: SubmitReply | undefined) => void
  reject: (cause: unknown) => void
}

interface Advanced {
  answered: { letter: Letter; reply: SubmitReply | undefined }[]
  commands: SessionCommand[]
}

/** Inputs waiting for one actor at most; more are refused. */
const lettersMax = 10_000

/**
 * One session's turns, strictly one after the other, whatever the runtime's own lock does. Inputs that arrive while a turn is
 * being committed share the next one. A commit that fails drops the state: the store alone says what happened.
 */
export function createMailbox(options: MailboxOptions) {
  let letters: Letter[] = []
  let stored: StoredSession | undefined
  let working: Promise<void> | undefined
  const { actorId, store } = options
  const heartbeat = createHeartbeat({ arm: () => store.arm(actorId), disarm: () => store.disarm(actorId) })

  function post(input: SessionInput): Promise<SubmitReply | undefined> {
    if (letters.length >= lettersMax) throw new WeftError('session_busy', `the session has ${letters.length} inputs waiting`)
    return new Promise((resolve, reject) => {
      letters.push({ input, resolve, reject })
      working ??= work()
    })
  }

  async function work(): Promise<void> {
    await Promise.resolve()
    while (letters.length > 0) {
      const batch = letters
      letters = []
      await turn(batch)
    }
    working = undefined
  }

  async function turn(batch: Letter[]): Promise<void> {
    try {
      await load(batch)
    } catch (cause) {
      stored = undefined
      for (const letter of batch) letter.reject(cause)
      return
    }
    const answered: Advanced['answered'] = []
    const commands: SessionCommand[] = []
    let next = stored?.state
    for (const letter of batch) {
      try {
        if (next === undefined) throw new WeftError('not_found', 'no such session')
        const advance = advanceSession(next, letter.input, options.nowMs())
        next = advance.state
        commands.push(...advance.commands)
        answered.push({ letter, reply: advance.reply })
      } catch (cause) {
        letter.reject(cause)
      }
    }
    if (next !== undefined) await finish(next, { answered, commands })
  }

  async function finish(next: SessionState, { answered, commands }: Advanced): Promise<void> {
    try {
      if (stored !== undefined && next !== stored.state) stored = await store.commit(actorId, stored, next)
    } catch (cause) {
      stored = undefined
      for (const { letter } of answered) letter.reject(cause)
      options.onLost(cause)
      return
    }
    const armed = keepAlive(next)
    if (stored !== undefined) options.onCommitted({ state: stored.state, commands })
    for (const { letter, reply } of answered) {
      if (letter.input.type === 'submit') armed.then(() => letter.resolve(reply), letter.reject)
      else letter.resolve(reply)
    }
  }

  /** The work goes on at once, but nobody is told that a turn is accepted before its heartbeat is armed. */
  function keepAlive(state: SessionState): Promise<void> {
    if (state.turns.every((turn) => turn.phase === 'ended')) return Promise.resolve()
    const armed = heartbeat.ensure()
    armed.catch(() => undefined)
    return armed
  }

  async function load(batch: Letter[]): Promise<void> {
    if (stored !== undefined) return
    const found = await store.load(actorId)
    if (found !== undefined) {
      stored = found
      const activated = advanceSession(found.state, { type: 'activate' }, options.nowMs())
      const isUnfinished = found.state.turns.some((turn) => turn.phase !== 'ended')
      if (!isUnfinished) {
        stored = { ...found, state: activated.state }
        return
      }
      stored = await store.commit(actorId, found, activated.state)
      void keepAlive(activated.state)
      options.onCommitted({ state: activated.state, commands: activated.commands })
      return
    }
    const created = batch.map(({ input }) => options.create(input)).find((state) => state !== undefined)
    if (created !== undefined) stored = { state: created, partKeys: new Set() }
  }

  return {
    post,
    /** The state as of the last commit; undefined while it is not loaded. */
    peek: () => stored?.state,
    /** The state, loaded when it is not in memory; undefined when there is no such session. */
    async read(): Promise<SessionState | undefined> {
      if (stored === undefined) await post({ type: 'tick' }).catch(rethrowUnlessMissing)
      return stored?.state
    },
    heartbeat,
    /** Forgets the state; the next input loads it again, as a new activation. */
    async drop(): Promise<void> {
      await working
      stored = undefined
    },
    isIdle: () => working === undefined && letters.length === 0,
  }
}

export type Mailbox = ReturnType<typeof createMailbox>

function rethrowUnlessMissing(cause: unknown): undefined {
  if (cause instanceof WeftError && cause.code === 'not_found') return undefined
  throw cause
}
