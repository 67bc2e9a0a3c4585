import { queryOf, type ReplyItem, type SessionEvent, WorkflowPlan } from '@weft/contracts'
import { heldOf } from '../attempts/check-citations.ts'
import type { AttemptDispatcher } from '../attempts/dispatch-attempts.ts'
import { holdCitations } from '../attempts/hold-citations.ts'
import { executeRequest } from '../core/execute-request.ts'
import { findTurn } from '../core/find-turn.ts'
import type { InputReply } from '../core/session-advance.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionPlace } from '../core/session-place.ts'
import type { SessionState, StepRef, TurnState } from '../core/session-state.ts'
import type { EventLog } from '../log/postgres-event-log.ts'
import type { PlanRequester } from '../plans/request-plans.ts'
import type { ChildCalls } from './child-calls.ts'
import type { SessionEffects } from './perform-command.ts'
import type { ReplyPublisher } from './reply-publisher.ts'

export interface SessionEffectsDeps {
  plans: PlanRequester
  attempts: Pick<AttemptDispatcher, 'start' | 'abort' | 'hold'>
  replies: ReplyPublisher
  eventLog: EventLog
  children: ChildCalls
  erase: (session: SessionPlace) => Promise<void>
  onProblem: (what: string, actorId: string, cause: unknown) => void
  apply: (actorId: string, input: SessionInput) => Promise<InputReply | undefined>
  /** Checks what an agent tells, and returns what its session is to see instead: the same, or a failure. */
  check: (state: SessionState, input: SessionInput) => Promise<SessionInput>
  peek: (actorId: string) => SessionState | undefined
  /** Whether the answers of an agent's capability may have citations. */
  mayCite: (agent: string, capability: string) => boolean
}

/** An answer up to this size travels with the end of its turn; a larger one is fetched by whoever waits for it. */
const inlineAnswerCharsMax = 131_072

export function createSessionEffects(deps: SessionEffectsDeps): SessionEffects {
  const erasing = new Set<string>()
  return {
    prepare: (actorId, request) => deps.plans.prepare(actorId, request),
    plan: (actorId, state, command) => deps.plans.request(actorId, state, command),
    dispatch: (actorId, state, ref) => dispatch(deps, { actorId, state, ref }),
    abort: (actorId, ref) => deps.attempts.abort(actorId, ref),
    hold: (actorId, ref) => deps.attempts.hold(actorId, ref),
    end: (state, turn) => publishEnd(deps.replies, state, turn),
    pause: (state, turn) => publishEnd(deps.replies, state, turn),
    gone: (state, { turn, replyTopics }) => publishGone(deps.replies, state, { turn, replyTopics }),
    visit: (actorId, state, ref) => deps.children.visit(actorId, state, ref),
    call: (actorId, state, errand) => deps.children.call(actorId, state, errand),
    erase(actorId, state) {
      if (erasing.has(actorId)) return
      erasing.add(actorId)
      void erase(deps, actorId, state).finally(() => erasing.delete(actorId))
    },
    record(actorId, state, events) {
      // Not only the new events: if the log's queue was full before, earlier ones are missing there and have to come first.
      const unlogged = state.outbox.flatMap((batch) => batch.events)
      deps.eventLog.append({ actorId, tenant: state.tenant, user: state.user, sessionId: state.sessionId, events: unlogged })
      publishEvents(deps.replies, state, events)
    },
  }
}

function dispatch(
  deps: SessionEffectsDeps,
  { actorId, state, ref }: { actorId: string; state: SessionState; ref: StepRef },
): void {
  const { turn, stepId, epoch, attempt } = ref
  const request = executeRequest(state, ref)
  if (request === undefined) return
  const { tenant, sessionId } = state
  const holds = heldOf({
    agent: request.agent,
    mayCite: deps.mayCite(request.agent, request.body.capability),
    unverified: findTurn(state, turn)?.request.options.unverified,
  })
  deps.attempts.start({
    actorId,
    ref: { turn, stepId, epoch, attempt },
    request,
    isWanted: () => {
      const now = deps.peek(actorId)
      return now !== undefined && executeRequest(now, ref) !== undefined
    },
    noteSending: async () => {
      const reply = await deps.apply(actorId, { type: 'sending', turn, stepId, epoch, attempt })
      return reply?.kind === 'heard' && reply.isWanted
    },
    sink: {
      // Where the session has left memory meanwhile, the outcome is checked against the state the step was dispatched with.
      apply: async (input) => void (await deps.apply(actorId, await deps.check(deps.peek(actorId) ?? state, input))),
      text: holdCitations(holds, (delta, offset) => {
        const item: ReplyItem = { kind: 'text', tenant, sessionId, turn, stepId, attempt, offset, delta }
        const isFirst = offset === 0
        const told = findTurn(deps.peek(actorId), turn)
        if (told?.replyDetail !== 'text') return
        for (const topic of told.replyTopics) deps.replies.send(topic, item, isFirst)
      }),
    },
  })
}

function publishEvents(replies: ReplyPublisher, state: SessionState, events: SessionEvent[]): void {
  const { tenant, sessionId } = state
  for (const event of events) {
    const told = findTurn(state, event.turn)
    // A plan is told to every reader, whatever detail it asked for: it says that the turn has begun.
    if (told === undefined || (told.replyDetail === 'end' && event.type !== 'plan.ready')) continue
    const item: ReplyItem = { kind: 'event', tenant, sessionId, turn: event.turn, event: withoutLongFields(event, told) }
    for (const topic of told.replyTopics) replies.send(topic, item, false)
  }
}

/** An event on a reply topic is only a hint, so it leaves out what may be long: whoever needs that reads the log. */
function withoutLongFields(event: SessionEvent, { request: { showsSearch } }: TurnState): SessionEvent {
  const { answer: _answer, messages: _messages, ...rest } = event
  const plan = WorkflowPlan.safeParse(rest.plan)
  return plan.success ? { ...rest, plan: withoutParams(plan.data, showsSearch === true) } : rest
}

/** What is searched for is left in where the reader shows it. */
function withoutParams(plan: WorkflowPlan, keepsQueries: boolean): WorkflowPlan {
  const steps = plan.steps.map((step) => {
    const query = keepsQueries ? queryOf(step) : undefined
    return { ...step, params: query === undefined ? {} : { query } }
  })
  return { ...plan, steps }
}

function publishEnd(replies: ReplyPublisher, state: SessionState, turn: number): void {
  const found = findTurn(state, turn)
  if (found === undefined) return
  const { tenant, sessionId, lastSeq } = state
  const { status, answer } = found
  const isInline = answer !== undefined && JSON.stringify(answer).length <= inlineAnswerCharsMax
  const item: ReplyItem = { kind: 'end', tenant, sessionId, turn, status, lastSeq, ...(isInline ? { answer } : {}) }
  for (const topic of found.replyTopics) replies.send(topic, item, true)
}

function publishGone(
  replies: ReplyPublisher,
  { tenant, sessionId }: SessionState,
  { turn, replyTopics }: { turn: number; replyTopics: string[] },
): void {
  for (const topic of replyTopics) replies.send(topic, { kind: 'end', tenant, sessionId, turn, status: 'cancelled' }, true)
}

/** Waits until the events queued so far are in the log, so that none of them is written after the others were deleted. */
async function erase(
  { eventLog, erase: eraseRows, apply, onProblem }: SessionEffectsDeps,
  actorId: string,
  state: SessionState,
): Promise<void> {
  try {
    await eventLog.written()
    await eraseRows(state)
    await apply(actorId, { type: 'erased' })
  } catch (cause) {
    onProblem('erase a deleted session', actorId, cause)
  }
}
