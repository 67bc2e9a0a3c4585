/**
 * Follows Markdown text letter by letter and knows whether the next one stands in code: between backticks on one line, or in a fence.
 * Brackets there are indices, not citations.
 */
export type CodeTracker = { see(letter: string): void; isInCode(): boolean; isInFence(): boolean }

export function createCodeTracker(): CodeTracker {
  let fence: Run | undefined
  let inlineTicks = 0
  let run: Run | undefined
  let isLineBlank = true

  /** A run of marks means something once its length is known, at the first other letter. */
  function endRun(): void {
    if (run === undefined) return
    const { mark, length, isAtLineStart } = run
    run = undefined
    if (fence !== undefined) {
      if (isAtLineStart && mark === fence.mark && length >= fence.length) fence = undefined
    } else if (isAtLineStart && length >= 3) fence = { mark, length, isAtLineStart }
    else if (mark === '`') inlineTicks = inlineTicks === 0 ? length : inlineTicks === length ? 0 : inlineTicks
  }

  function see(letter: string): void {
    if (letter === '`' || letter === '~') {
      if (run?.mark !== letter) endRun()
      run = { mark: letter, length: (run?.length ?? 0) + 1, isAtLineStart: run?.isAtLineStart ?? isLineBlank }
      isLineBlank = false
      return
    }
    endRun()
    if (letter === '\n') {
      isLineBlank = true
      inlineTicks = 0
    } else if (letter !== ' ') isLineBlank = false
  }

  return {
    see,
    isInFence: () => fence !== undefined,
    isInCode: () => fence !== undefined || inlineTicks > 0 || (run?.mark === '`' && run.length > 0),
  }
}

type Run = { mark: string; length: number; isAtLineStart: boolean }
