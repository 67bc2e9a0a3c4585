import {
  type ApprovalDecided,
  DecideApproval,
  type ForkSource,
  hasCode,
  parseValue,
  ReplyDetail,
  SubmitTurn,
  sessionActorId,
  WeftError,
  type WorkflowPlan,
} from '@weft/contracts'
import { mayCrashAround } from '@weft/mesh'
import { z } from 'zod'
import { planSeed, type SeedWish, seedOf } from '../core/seed-turn.ts'
import type { InputReply } from '../core/session-advance.ts'
import type { SessionInput } from '../core/session-input.ts'
import { SessionPlace } from '../core/session-place.ts'
import type { SessionState, StepOutcome, TurnState } from '../core/session-state.ts'
import { beginningOf, type TellAttempt, viewSession } from '../core/session-view.ts'

/** A session as the methods of its actor reach it. */
export interface SessionCalls {
  /** Applies an input; resolves once what it led to is committed. */
  post(input: SessionInput): Promise<InputReply | undefined>
  /** Throws `not_found` when there is no such session. */
  read(): Promise<SessionState>
  /** A turn is about to be accepted. */
  prepare(request: SubmitTurn): void
  /** Has the cards of a plan's agents read if they are not known yet. Never rejects. */
  ensureAgentsKnown(plan: WorkflowPlan): Promise<void>
  tellAttempt: TellAttempt
  /** Outputs of steps that succeeded. */
  readOutcomes(turn: TurnState, stepIds: string[]): Promise<Map<string, StepOutcome>>
  /** Has the session go on with what is under way and, if anything is, arm a reminder of its own. */
  keep(): Promise<void>
  /** Deletes a session from the database that the state store does not have; resolves to whether the database had it. */
  eraseLost(session: SessionPlace): Promise<boolean>
  loadHistory(request: SubmitTurn): Promise<NonNullable<Extract<SessionInput, { type: 'submit' }>['history']>>
}

const SeedArgument = z.object({ turn: z.int().positive().optional(), fromStep: z.string().max(64).optional() })
const ChildArgument = z.object({ turn: z.int().positive(), stepId: z.string().max(64), seq: z.int().nonnegative() })
const HoldArgument = z.object({ seq: z.int().nonnegative().optional() })
const ExpireArgument = SessionPlace.extend({ lastSeq: z.int().nonnegative() })
const CancelArgument = z.object({ turn: z.int().positive().optional() })
const CancelRequestArgument = z.object({ idempotencyKey: z.string().min(1).max(512) })
const AttachArgument = z.object({ replyTopic: z.string().min(1).max(256), replyDetail: ReplyDetail.default('text') })

/** Answers a method call: submit, view, tick, keep, cancel, cancelRequest, pause, resume, attach, decide, seed, childChanged, compact, delete, expire. Throws what is refused. */
export async function invokeSession(
  session: SessionCalls,
  { actorId, method, argument }: { actorId: string; method: string; argument: unknown },
): Promise<unknown> {
  switch (method) {
    case 'submit':
      return submit(session, actorId, parseValue(SubmitTurn, argument, 'the turn'))
    case 'view':
      return viewSession(await session.read(), session.tellAttempt)
    case 'tick':
      return applyOnly(session, { type: 'tick' })
    case 'keep':
      return session.keep()
    case 'attach':
      return applyOnly(session, { type: 'attach', ...parseValue(AttachArgument, argument, 'the attach request') })
    case 'cancel':
      return applyAndView(session, {
        type: 'cancel',
        turn: parseValue(CancelArgument, argument ?? {}, 'the cancel request').turn,
      })
    case 'cancelRequest':
      return cancelRequest(session, parseValue(CancelRequestArgument, argument, 'the cancel request'))
    case 'pause':
    case 'resume':
      return applyAndView(session, { type: method, seq: parseValue(HoldArgument, argument ?? {}, `the wish to ${method}`).seq })
    case 'decide':
      return decide(session, parseValue(DecideApproval, argument, 'the decision'))
    case 'seed':
      return seed(session, parseValue(SeedArgument, argument ?? {}, 'the fork request'))
    case 'childChanged':
      return hearChild(session, parseValue(ChildArgument, argument, 'the word of a child session'))
    case 'compact':
      await session.post({ type: 'compact' })
      return { isCompact: (await session.read()).turns.length === 0 }
    case 'delete':
      return deleteSession(session, actorId, { place: SessionPlace.optional().catch(undefined).parse(argument) })
    case 'expire':
      return expire(session, actorId, parseValue(ExpireArgument, argument, 'the wish to expire'))
    default:
      throw new WeftError('not_found', `actor type Session has no method "${method}"`)
  }
}

/**
 * Deletes a session, also one that is only in the database: a state store that was put back from an older backup does not have it, and otherwise nobody
 * could get rid of it. With `lastSeq` (the newest event that the archive has of it) it is deleted only if nothing has happened since.
 */
async function deleteSession(
  session: SessionCalls,
  actorId: string,
  { place, lastSeq }: { place: SessionPlace | undefined; lastSeq?: number },
): Promise<{ deleted: boolean }> {
  try {
    const reply = await session.post({ type: 'delete', ...(lastSeq === undefined ? {} : { ifLastSeq: lastSeq }) })
    return { deleted: reply?.kind !== 'kept' }
  } catch (cause) {
    const isMissing = hasCode(cause, 'not_found')
    if (!isMissing || place === undefined || sessionActorId(place.tenant, place.sessionId) !== actorId) throw cause
    if (!(await session.eraseLost(place))) throw cause
    return { deleted: true }
  }
}

function expire(session: SessionCalls, actorId: string, { lastSeq, ...place }: z.infer<typeof ExpireArgument>) {
  return deleteSession(session, actorId, { place, lastSeq })
}

async function applyOnly(session: SessionCalls, input: SessionInput): Promise<void> {
  await session.post(input)
}

async function applyAndView(session: SessionCalls, input: SessionInput) {
  await session.post(input)
  return viewSession(await session.read(), session.tellAttempt)
}

async function submit(session: SessionCalls, actorId: string, request: SubmitTurn) {
  if (actorId !== sessionActorId(request.tenant, request.sessionId)) {
    throw new WeftError('invalid_request', 'the turn belongs to another session than the actor it was sent to')
  }
  session.prepare(request)
  if (request.options.plan !== undefined) await session.ensureAgentsKnown(request.options.plan)
  const first = await session.post({ type: 'submit', request })
  const reply =
    first?.kind === 'needs_history'
      ? await session.post({ type: 'submit', request, history: await session.loadHistory(request) })
      : first
  if (reply?.kind !== 'submitted') throw new WeftError('internal_error', 'the session gave no answer to the turn')
  const { turn, isRepeat, lastSeq, begun } = reply
  return { sessionId: request.sessionId, turn, isRepeat, lastSeq, ...(begun === undefined ? {} : beginningOf(begun)) }
}

/** Cancels the turn that was made under this key; says whether there is one. */
async function cancelRequest(session: SessionCalls, { idempotencyKey }: z.infer<typeof CancelRequestArgument>) {
  const { turns } = await session.read()
  const made = turns.find(({ request }) => request.idempotencyKey === idempotencyKey)
  if (made !== undefined) await session.post({ type: 'cancel', turn: made.turn })
  return { isTaken: made !== undefined }
}

async function hearChild(
  session: SessionCalls,
  child: { turn: number; stepId: string; seq: number },
): Promise<{ isWanted: boolean }> {
  const reply = await session.post({ type: 'childChanged', ...child })
  return { isWanted: reply?.kind === 'heard' && reply.isWanted }
}

async function seed(session: SessionCalls, wish: SeedWish): Promise<ForkSource> {
  const state = await session.read()
  const { turn, plan, stepIds } = planSeed(state, wish)
  return seedOf(state, { turn, plan }, { outcomes: await session.readOutcomes(turn, stepIds), fromStep: wish.fromStep })
}

async function decide(session: SessionCalls, decision: DecideApproval): Promise<ApprovalDecided> {
  const reply = await mayCrashAround('decision', () => session.post({ type: 'decide', decision }))
  if (reply?.kind !== 'decided') throw new WeftError('internal_error', 'the session gave no answer to the decision')
  const { approval, isRepeat, lastSeq } = reply
  return { approval, isRepeat, lastSeq }
}
