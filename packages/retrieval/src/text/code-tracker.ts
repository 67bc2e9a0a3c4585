/**
 * Follows Markdown text letter by letter, and tells whether the next letter is code: between backticks on one line, or in a fence. Brackets in code are indices, and no
 * citations.
 */
export type CodeTracker = { see(letter: string): void; isInCode(): boolean; isInFence(): boolean }

export function createCodeTracker(): CodeTracker {
  let fence: Run | undefined
  let inlineTicks = 0
  let run: Run | undefined
  let isLineBlank = true

  /** Called at the first letter after a run of marks, when the length of the run, which decides its meaning, is known. */
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
