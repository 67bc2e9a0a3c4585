import { WeftError } from '@weft/contracts'
import { applyChild, noteChildChanged } from './apply-child.ts'
import { applyOutcome } from './apply-outcome.ts'
import { applyPlan, startPlan } from './apply-plan.ts'
import { attachReplyTopic } from './attach-reply-topic.ts'
import { cancelTurns } from './cancel-turns.ts'
import { compactSession } from './compact-session.ts'
import { decideApproval } from './decide-approval.ts'
import { deleteSession, deleteStray, eraseAgain, eraseWhenAlone, noteArrivedWhenDeleted, noteErased } from './delete-session.ts'
import { noteArrived, repeatErrands } from './errands.ts'
import { noteWaiting } from './note-waiting.ts'
import { endBorrowedPause, holdSession, takeBack } from './pause-session.ts'
import type { Advance, AdvanceContext } from './session-advance.ts'
import { SessionDraft } from './session-draft.ts'
import type { SessionInput } from './session-input.ts'
import { sessionLimits } from './session-limits.ts'
import type { SessionState } from './session-state.ts'
import { submitTurn } from './submit-turn.ts'
import { tellParents } from './tell-parent.ts'
import { activateSession, tickSession } from './tick-session.ts'

/**
 * The session engine: one input, one next state, and what to do after it is committed. Pure: the same state, input and context
 * give the same answer. Inputs that no longer count (late, repeated, of an earlier epoch) change nothing.
 * Throws a WeftError when the input is refused; the state is then as before.
 */
export function advanceSession(state: SessionState, input: SessionInput, context: AdvanceContext): Advance {
  const draft = new SessionDraft(state, context)
  if (state.deletion === 'none') applyInput(draft, input)
  else applyToDeleted(draft, input)
  endBorrowedPause(draft)
  startNextTurn(draft)
  noteWaiting(draft)
  tellParents(draft)
  const { events, commands, reply } = draft
  if (!draft.isTouched) return { state, commands, events, reply }
  const next = draft.editSession()
  if (next.deletion !== 'none') return { state: { ...next, outbox: [] }, commands, events: [], reply }
  if (events.length === 0) return { state: next, commands, events, reply }
  next.updatedAtMs = context.nowMs
  next.outbox = [...next.outbox, { epoch: next.epoch, events }]
  return { state: next, commands, events, reply }
}

function applyInput(draft: SessionDraft, input: SessionInput): void {
  switch (input.type) {
    case 'activate':
      repeatErrands(draft)
      return activateSession(draft)
    case 'submit':
      return submitTurn(draft, input)
    case 'planned':
      return applyPlan(draft, input)
    case 'sending':
      return noteSending(draft, input)
    case 'unsent':
      return takeBack(draft, input)
    case 'outcome':
      return applyOutcome(draft, input)
    case 'progress':
      return noteProgress(draft, input)
    case 'checkpoint':
      return keepCheckpoint(draft, input)
    case 'tick':
      repeatErrands(draft)
      return tickSession(draft)
    case 'cancel':
      return cancelTurns(draft, input.turn)
    case 'attach':
      return attachReader(draft, input)
    case 'decide':
      return decideApproval(draft, input.decision)
    case 'pause':
    case 'resume':
      return holdSession(draft, input)
    case 'delete':
      return deleteSession(draft, input)
    case 'erased':
      return noteErased(draft)
    case 'child':
      return applyChild(draft, input)
    case 'childChanged':
      return noteChildChanged(draft, input)
    case 'arrived':
      return noteCallAnswered(draft, input)
    case 'compact':
      return compactSession(draft)
    case 'flushed':
      return forgetFlushed(draft, input.upToSeq)
    default:
      return input satisfies never
  }
}

/** What is left of a deleted session refuses what clients ask of it, and lets late results fall. */
function applyToDeleted(draft: SessionDraft, input: SessionInput): void {
  switch (input.type) {
    case 'submit':
      throw new WeftError('gone', `session ${draft.session.sessionId} was deleted: begin another`)
    case 'decide':
    case 'cancel':
    case 'pause':
    case 'resume':
    case 'childChanged':
      throw new WeftError('not_found', 'no such session')
    case 'delete':
      return eraseAgain(draft)
    case 'erased':
      return noteErased(draft)
    case 'arrived':
      return noteArrivedWhenDeleted(draft, input.errand)
    case 'child':
      return deleteStray(draft, input.sessionId)
    case 'tick':
    case 'activate':
      repeatErrands(draft)
      return eraseWhenAlone(draft)
  }
}

/** A parent that no longer wants the turn has it cancelled. */
function noteCallAnswered(draft: SessionDraft, { errand, isWanted }: Extract<SessionInput, { type: 'arrived' }>): void {
  noteArrived(draft, errand)
  if (errand.to === 'parent' && !isWanted) cancelTurns(draft, errand.turn)
}

/** A plan may end its turn at once (every step skipped), so more than one turn may start. */
function startNextTurn(draft: SessionDraft): void {
  let next = draft.activeTurn()
  while (next?.phase === 'queued' && !draft.session.isPaused) {
    startPlan(draft, next.turn)
    next = draft.activeTurn()
  }
}

/** Once for an attempt: a host that was overtaken, and one that says it a second time, hear that it is not to be sent. */
function noteSending(draft: SessionDraft, input: Extract<SessionInput, { type: 'sending' }>): void {
  const isWanted = draft.currentStep(input)?.isUnsent === true
  draft.reply = { kind: 'heard', isWanted }
  if (isWanted) draft.editStep(input.turn, input.stepId).isUnsent = false
}

function noteProgress(draft: SessionDraft, input: Extract<SessionInput, { type: 'progress' }>): void {
  const current = draft.currentStep(input)
  if (current === undefined || current.progressCount >= sessionLimits.progressEventsPerStepMax) return
  draft.editStep(input.turn, input.stepId).progressCount += 1
  const { stepId, message, fraction } = input
  draft.log('step.progress', input.turn, { stepId, message, ...(fraction === undefined ? {} : { fraction }) })
}

function keepCheckpoint(draft: SessionDraft, input: Extract<SessionInput, { type: 'checkpoint' }>): void {
  if (draft.currentStep(input) === undefined) return
  const step = draft.editStep(input.turn, input.stepId)
  step.checkpoint = input.state
  step.checkpointCount += 1
}

function attachReader(draft: SessionDraft, wish: Extract<SessionInput, { type: 'attach' }>): void {
  for (const turn of draft.session.turns) if (turn.phase !== 'ended') attachReplyTopic(draft, turn, wish)
}

function forgetFlushed(draft: SessionDraft, upToSeq: number): void {
  const isFlushed = (seq: number | undefined) => seq === undefined || seq <= upToSeq
  const left = draft.session.outbox.filter((batch) => !isFlushed(batch.events.at(-1)?.seq))
  if (left.length < draft.session.outbox.length) draft.editSession().outbox = left
}
