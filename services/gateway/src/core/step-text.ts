import { createAnswerText, type TextPiece, type TextProgress } from './answer-text.ts'

export type StepPiece = TextPiece & { stepId: string }
export type TextOutput = { type: 'text'; delta: string } | { type: 'diverged' }

/** The answer step's text among the texts of all steps. Until the plan says which step answers, pieces are kept. */
export interface StepText {
  accept(piece: StepPiece): TextOutput[]
  learnAnswerStep(stepId: string | undefined): TextOutput[]
  finish(text: string): TextOutput[]
  /** Whether text waits for the plan. */
  isWaiting(): boolean
  hasText(): boolean
}

/** Pieces seen before the plan is known. */
const earlyPiecesMax = 2_000

export function createStepText(): StepText {
  const text = createAnswerText()
  let answerStepId: string | undefined
  let early: StepPiece[] = []
  let hasText = false

  function show(progress: TextProgress): TextOutput[] {
    if (progress.kind === 'diverged') return [{ type: 'diverged' }]
    if (progress.delta === '') return []
    hasText = true
    return [{ type: 'text', delta: progress.delta }]
  }

  function accept(piece: StepPiece): TextOutput[] {
    if (answerStepId !== undefined) return piece.stepId === answerStepId ? show(text.accept(piece)) : []
    if (early.length < earlyPiecesMax) early.push(piece)
    return []
  }

  return {
    accept,
    learnAnswerStep(stepId) {
      if (stepId === undefined || answerStepId !== undefined) return []
      answerStepId = stepId
      const pieces = early
      early = []
      return pieces.flatMap(accept)
    },
    finish: (whole) => show(text.finish(whole)),
    isWaiting: () => early.length > 0,
    hasText: () => hasText,
  }
}
