import { createWaitingPieces } from './waiting-pieces.ts'

/** Text of an answer as it arrives: pieces of one attempt of one step, in any order and possibly repeated. */
export interface TextPiece {
  attempt: number
  /** UTF-16 units from the start of the attempt's text. */
  offset: number
  delta: string
}

/** What may be shown now; `diverged` when a new attempt writes something else than what was already shown. */
export type TextProgress = { kind: 'text'; delta: string } | { kind: 'diverged' }

export interface AnswerText {
  accept(piece: TextPiece): TextProgress
  /** What is left to show, once the whole text is known. */
  finish(text: string): TextProgress
  /** Everything shown so far. */
  shown(): string
}

const nothing: TextProgress = { kind: 'text', delta: '' }

/**
 * Puts an answer's text back in order. A newer attempt starts over: as long as it repeats what was shown nothing is shown twice, and
 * the stream goes on where it broke off.
 */
export function createAnswerText(): AnswerText {
  let shown = ''
  /** A high surrogate is held back until its other half is there: half a character is not valid text. */
  let held = ''
  let attempt = 0
  /** How far the current attempt's text is known without a gap. */
  let known = 0
  const waiting = createWaitingPieces()

  function begin(newAttempt: number): void {
    attempt = newAttempt
    known = 0
    waiting.clear()
  }

  /** Takes a piece that starts at or before `known`; false when it contradicts what was shown. */
  function take(offset: number, delta: string): boolean {
    const end = offset + delta.length
    if (end <= known) return true
    const fresh = delta.slice(known - offset)
    // Joining the whole text for every piece would make long answers slow.
    const overlap = known < shown.length + held.length ? (shown + held).slice(known, end) : ''
    if (overlap !== fresh.slice(0, overlap.length)) return false
    held += fresh.slice(overlap.length)
    known = end
    return true
  }

  function release(isLast: boolean): TextProgress {
    const keep = !isLast && isHighSurrogate(held.charCodeAt(held.length - 1)) ? 1 : 0
    const delta = held.slice(0, held.length - keep)
    held = held.slice(held.length - keep)
    shown += delta
    return delta === '' ? nothing : { kind: 'text', delta }
  }

  return {
    accept(piece) {
      if (piece.attempt < attempt) return nothing
      if (piece.attempt > attempt) begin(piece.attempt)
      if (piece.offset > known) {
        waiting.put(piece.offset, piece.delta)
        return nothing
      }
      const isConsistent =
        take(piece.offset, piece.delta) && waiting.takeFrom(known).every(({ offset, delta }) => take(offset, delta))
      return isConsistent ? release(false) : { kind: 'diverged' }
    },
    finish(text) {
      if (!text.startsWith(shown)) return { kind: 'diverged' }
      held = text.slice(shown.length)
      return release(true)
    },
    shown: () => shown,
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
