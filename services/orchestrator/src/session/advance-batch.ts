import { WeftError } from '@weft/contracts'
import { advanceSession } from '../core/advance-session.ts'
import type { AdvanceContext, InputReply, SessionCommand } from '../core/session-advance.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { SessionState } from '../core/session-state.ts'
import { nextWakeMs } from '../core/tick-session.ts'

/** An input that waits for its turn, and how whoever handed it over is answered. */
export interface Letter {
  input: SessionInput
  resolve: (reply: InputReply | undefined) => void
  reject: (cause: unknown) => void
}

/** What an input is answered once the batch it came with is committed. */
export type Answer = { letter: Letter; reply: InputReply | undefined } | { letter: Letter; refusal: unknown }

/** What a batch of inputs led to; nothing of it counts before it is committed. */
export interface AdvancedBatch {
  state: SessionState | undefined
  answers: Answer[]
  commands: SessionCommand[]
}

/**
 * Applies inputs one after the other; one that is refused leaves the others untouched. Before them, events up to `flushedSeq`, which are in the log, leave
 * the state; and where a decision is among the inputs, deadlines that have passed take effect, which counts even if the decision is then refused.
 */
export function advanceBatch(
  before: SessionState | undefined,
  batch: Letter[],
  { context, flushedSeq }: { context: AdvanceContext; flushedSeq: number | undefined },
): AdvancedBatch {
  const advanced: AdvancedBatch = { state: before, answers: [], commands: [] }
  if (flushedSeq !== undefined) applyIfThere(advanced, { type: 'flushed', upToSeq: flushedSeq }, context)
  if (batch.some(({ input }) => input.type === 'decide') && isDue(advanced.state, context)) {
    applyIfThere(advanced, { type: 'tick' }, context)
  }
  for (const letter of batch) {
    try {
      advanced.answers.push({ letter, reply: apply(advanced, letter.input, context) })
    } catch (refusal) {
      advanced.answers.push({ letter, refusal })
    }
  }
  return advanced
}

function apply(advanced: AdvancedBatch, input: SessionInput, context: AdvanceContext): InputReply | undefined {
  if (advanced.state === undefined) throw new WeftError('not_found', 'no such session')
  const { state, commands, reply } = advanceSession(advanced.state, input, context)
  advanced.state = state
  advanced.commands.push(...commands)
  return reply
}

function applyIfThere(advanced: AdvancedBatch, input: SessionInput, context: AdvanceContext): void {
  if (advanced.state !== undefined) apply(advanced, input, context)
}

function isDue(state: SessionState | undefined, { nowMs }: AdvanceContext): boolean {
  const wakeMs = state === undefined ? undefined : nextWakeMs(state, nowMs)
  return wakeMs !== undefined && wakeMs <= nowMs
}
