import { parseValue, type SessionEvent, SessionId, SubmitTurn, WeftError } from '@weft/contracts'
import type { ActorType } from '@weft/mesh'
import { z } from 'zod'
import { newSession, type SessionCommand, type SessionInput, type SessionState } from './core/session-state.ts'
import { viewSession } from './core/session-view.ts'
import { isAtRest, nextWakeMs } from './core/tick-session.ts'
import type { SessionStore } from './dapr-session-store.ts'
import { type Committed, createMailbox, type Mailbox } from './session-mailbox.ts'

/** What the host does after a commit; every effect may be lost and is asked for again by a tick. */
export interface SessionEffects {
  plan(actorId: string, state: SessionState, command: Extract<SessionCommand, { type: 'plan' }>): void
  dispatch(actorId: string, state: SessionState, command: Extract<SessionCommand, { type: 'dispatch' }>): void
  abort(actorId: string, command: Extract<SessionCommand, { type: 'abort' }>): void
  end(state: SessionState, turn: number): void
  /** New events for the log and for whoever follows the turn. */
  record(actorId: string, state: SessionState, events: SessionEvent[]): void
}

export interface SessionHostOptions {
  store: SessionStore
  effects: SessionEffects
  nowMs: () => number
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

interface Hosted {
  mailbox: Mailbox
  recordedSeq: number
  wake: NodeJS.Timeout | undefined
  rest: NodeJS.Timeout | undefined
  lostCount: number
}

/** A session at rest stays in memory for this long, for the next message of a conversation. */
const restMs = 30_000

const CancelArgument = z.object({ turn: z.int().positive().optional() })
const AttachArgument = z.object({ replyTopic: z.string().min(1).max(256) })

export interface SessionHost extends ActorType {
  /** Applies an input to a session hosted here, without a detour through the sidecar. */
  apply(actorId: string, input: SessionInput): Promise<void>
  peek(actorId: string): SessionState | undefined
  hostedCount(): number
  stop(): void
}

/** The actor type `Session`: mailboxes by actor id, and the effects of their commits. */
export function createSessionHost(options: SessionHostOptions): SessionHost {
  const hosted = new Map<string, Hosted>()

  function open(actorId: string): Hosted {
    const known = hosted.get(actorId)
    if (known !== undefined) return known
    const mailbox = createMailbox({
      actorId,
      store: options.store,
      nowMs: options.nowMs,
      create: (input) => createFor(actorId, input, options.nowMs()),
      onCommitted: (committed) => afterCommit(actorId, committed),
      onLost: (cause) => afterLoss(actorId, cause),
    })
    const opened: Hosted = { mailbox, recordedSeq: 0, wake: undefined, rest: undefined, lostCount: 0 }
    hosted.set(actorId, opened)
    return opened
  }

  function afterCommit(actorId: string, { state, commands }: Committed): void {
    const entry = hosted.get(actorId)
    if (entry === undefined) return
    entry.lostCount = 0
    const fresh = state.outbox.flatMap((batch) => batch.events).filter((event) => event.seq > entry.recordedSeq)
    entry.recordedSeq = state.lastSeq
    if (fresh.length > 0) options.effects.record(actorId, state, fresh)
    for (const command of commands) perform(actorId, state, command)
    scheduleWake(actorId, entry, state)
    if (isAtRest(state)) rest(actorId, entry)
  }

  function perform(actorId: string, state: SessionState, command: SessionCommand): void {
    switch (command.type) {
      case 'plan':
        return options.effects.plan(actorId, state, command)
      case 'dispatch':
        return options.effects.dispatch(actorId, state, command)
      case 'abort':
        return options.effects.abort(actorId, command)
      case 'end':
        return options.effects.end(state, command.turn)
    }
  }

  function scheduleWake(actorId: string, entry: Hosted, state: SessionState): void {
    clearTimeout(entry.wake)
    clearTimeout(entry.rest)
    const wakeMs = nextWakeMs(state, options.nowMs())
    if (wakeMs !== undefined) entry.wake = wakeIn(actorId, Math.max(5, wakeMs - options.nowMs()))
  }

  function wakeIn(actorId: string, delayMs: number): NodeJS.Timeout {
    return setTimeout(
      () => {
        apply(actorId, { type: 'tick' }).catch((cause: unknown) => options.onProblem('tick', actorId, cause))
      },
      Math.min(delayMs, 2_147_483_647),
    )
  }

  function rest(actorId: string, entry: Hosted): void {
    entry.mailbox.heartbeat.end()
    entry.rest = setTimeout(() => {
      if (entry.mailbox.isIdle()) forget(actorId)
    }, restMs)
  }

  /** The store is asked again soon, doubling from 0.5 s to 15 s; the reminder does the same should this process be gone. */
  function afterLoss(actorId: string, cause: unknown): void {
    options.onProblem('commit', actorId, cause)
    const entry = hosted.get(actorId)
    if (entry === undefined) return
    entry.recordedSeq = 0
    entry.lostCount += 1
    clearTimeout(entry.wake)
    if (entry.lostCount <= 6) entry.wake = wakeIn(actorId, 250 * 2 ** entry.lostCount)
    else forget(actorId)
  }

  function forget(actorId: string): void {
    const entry = hosted.get(actorId)
    if (entry === undefined) return
    clearTimeout(entry.wake)
    clearTimeout(entry.rest)
    hosted.delete(actorId)
  }

  async function apply(actorId: string, input: SessionInput): Promise<void> {
    await open(actorId).mailbox.post(input)
  }

  async function invoke(actorId: string, method: string, argument: unknown): Promise<unknown> {
    switch (method) {
      case 'submit':
        return submit(actorId, parseValue(SubmitTurn, argument, 'the turn'))
      case 'view':
        return viewSession(await mustRead(actorId))
      case 'tick':
        return apply(actorId, { type: 'tick' })
      case 'cancel': {
        const { turn } = parseValue(CancelArgument, argument ?? {}, 'the cancel request')
        await apply(actorId, { type: 'cancel', turn })
        return viewSession(await mustRead(actorId))
      }
      case 'attach':
        return apply(actorId, { type: 'attach', ...parseValue(AttachArgument, argument, 'the attach request') })
      default:
        throw new WeftError('not_found', `actor type Session has no method "${method}"`)
    }
  }

  async function submit(actorId: string, request: SubmitTurn) {
    if (actorId !== `${request.tenant}.${request.sessionId}`) {
      throw new WeftError('invalid_request', 'the turn belongs to another session than the actor it was sent to')
    }
    const reply = await open(actorId).mailbox.post({ type: 'submit', request })
    if (reply === undefined) throw new WeftError('internal_error', 'the session gave no answer to the turn')
    return { sessionId: request.sessionId, ...reply }
  }

  async function mustRead(actorId: string): Promise<SessionState> {
    const state = await open(actorId).mailbox.read()
    if (state !== undefined) return state
    forget(actorId)
    throw new WeftError('not_found', 'no such session')
  }

  return {
    name: 'Session',
    invoke,
    apply,
    peek: (actorId) => hosted.get(actorId)?.mailbox.peek(),
    hostedCount: () => hosted.size,
    async remind(actorId) {
      const { mailbox } = open(actorId)
      const state = await mailbox.read()
      if (state === undefined) {
        forget(actorId)
        return 'cancel'
      }
      mailbox.heartbeat.noteArmed()
      await mailbox.post({ type: 'tick' })
      if (state.outbox.length > 0)
        options.effects.record(
          actorId,
          state,
          state.outbox.flatMap((batch) => batch.events),
        )
      if (isAtRest(mailbox.peek() ?? state)) mailbox.heartbeat.end()
      return 'keep'
    },
    async deactivate(actorId) {
      await hosted.get(actorId)?.mailbox.drop()
      forget(actorId)
    },
    stop() {
      for (const actorId of [...hosted.keys()]) forget(actorId)
    },
  }
}

function createFor(_actorId: string, input: SessionInput, nowMs: number): SessionState | undefined {
  if (input.type !== 'submit') return undefined
  const { tenant, sessionId, user } = input.request
  const state = newSession({ tenant, sessionId: parseValue(SessionId, sessionId, 'the session id'), user }, nowMs)
  return { ...state, epoch: 1 }
}
