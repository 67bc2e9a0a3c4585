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

/** Pieces that wait for an earlier one. Beyond this the piece is dropped: the stored answer brings what is missing. */
const waitingCharsMax = 1_048_576
const waitingPiecesMax = 10_000

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
  const waiting = new Map<number, string>()
  let waitingChars = 0

  function begin(newAttempt: number): void {
    attempt = newAttempt
    known = 0
    waiting.clear()
    waitingChars = 0
  }

  function wait(piece: TextPiece): void {
    const kept = waiting.get(piece.offset)
    if (kept !== undefined && kept.length >= piece.delta.length) return
    if (waiting.size >= waitingPiecesMax || waitingChars + piece.delta.length > waitingCharsMax) return
    waitingChars += piece.delta.length - (kept?.length ?? 0)
    waiting.set(piece.offset, piece.delta)
  }

  /** Takes a piece that starts at or before `known`; false when it contradicts what was shown. */
  function take(offset: number, delta: string): boolean {
    const end = offset + delta.length
    if (end <= known) return true
    const all = shown + held
    const fresh = delta.slice(known - offset)
    const overlap = all.slice(known, end)
    if (overlap !== fresh.slice(0, overlap.length)) return false
    held += fresh.slice(overlap.length)
    known = end
    return true
  }

  function takeWaiting(): boolean {
    for (const [offset, delta] of [...waiting].toSorted(([a], [b]) => a - b)) {
      if (offset > known) return true
      waiting.delete(offset)
      waitingChars -= delta.length
      if (!take(offset, delta)) return false
    }
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
        wait(piece)
        return nothing
      }
      const isConsistent = take(piece.offset, piece.delta) && takeWaiting()
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
