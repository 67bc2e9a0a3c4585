import { openChildren } from './child-session.ts'
import { sendErrand } from './errands.ts'
import type { SessionDraft } from './session-draft.ts'
import type { SessionInput } from './session-input.ts'
import type { StepRef } from './session-state.ts'
import { startStep } from './start-step.ts'
import { tickSession } from './tick-session.ts'

/** Pauses or resumes. A parent's call is ignored if a later one of its calls has come before it. */
export function holdSession(
  draft: SessionDraft,
  { type, seq = draft.session.heardSeq }: Extract<SessionInput, { type: 'pause' | 'resume' }>,
): void {
  if (seq < draft.session.heardSeq) return
  if (seq > draft.session.heardSeq) draft.editSession().heardSeq = seq
  if (type === 'pause') pauseSession(draft)
  else resumeSession(draft)
}

/** Nothing new is planned, started or sent to an agent until the session is resumed; what runs runs on, and its results are kept. Pausing twice is once. */
function pauseSession(draft: SessionDraft): void {
  if (draft.session.isPaused) return
  draft.editSession().isPaused = true
  noteOnTurn(draft, 'pause')
  holdAttempts(draft)
  const { turn, request } = draft.activeTurn() ?? {}
  // A child session that its parent no longer wants would stay paused for ever; the parent answers whether it still wants it.
  if (turn !== undefined && request?.parent !== undefined) sendErrand(draft, { to: 'parent', turn, parent: request.parent })
}

function holdAttempts(draft: SessionDraft): void {
  const { turn, steps = {} } = draft.activeTurn() ?? {}
  for (const [stepId, { status, child, epoch, attempt }] of Object.entries(steps)) {
    const isAtAgent = status === 'dispatched' && child === undefined
    if (turn !== undefined && isAtAgent) draft.command({ type: 'hold', turn, stepId, epoch, attempt })
  }
}

/** An attempt that was not sent is no failure. Its step is held, or has its next attempt where the session was resumed meanwhile. */
export function takeBack(draft: SessionDraft, ref: StepRef): void {
  const plan = draft.findTurn(ref.turn)?.plan
  const step = plan?.steps.find(({ stepId }) => stepId === ref.stepId)
  if (step === undefined || draft.currentStep(ref) === undefined) return
  draft.editStep(ref.turn, ref.stepId).interruptions += 1
  startStep(draft, ref.turn, step)
}

/** Everything that was held back begins. */
function resumeSession(draft: SessionDraft): void {
  if (!draft.session.isPaused) return
  draft.editSession().isPaused = false
  noteOnTurn(draft, 'resume')
  tickSession(draft)
}

/** A child session is paused only on its parent's behalf, so that the pause ends with the child's last turn. */
export function endBorrowedPause(draft: SessionDraft): void {
  const { isPaused, turns } = draft.session
  if (!isPaused || draft.activeTurn() !== undefined) return
  if (turns.some(({ request }) => request.parent !== undefined)) draft.editSession().isPaused = false
}

function noteOnTurn(draft: SessionDraft, method: 'pause' | 'resume'): void {
  const turn = draft.activeTurn()
  if (turn === undefined) return
  draft.log('step.progress', turn.turn, { message: `the session was ${method}d` })
  for (const sessionId of openChildren(turn)) sendErrand(draft, { to: 'child', sessionId, method })
}
