import { styleText } from 'node:util'
import { showControls } from './show-controls.ts'

/**
 * Where a command writes. Answers go to standard output, and everything about them to standard error, so that `weft ask … > answer.txt` keeps only the answer. Most text
 * was written by others, so nothing in it can control the terminal (`showControls`).
 */
export interface Terminal {
  readonly isInteractive: boolean
  print(line: string): void
  printJson(value: unknown): void
  write(text: string): void
  note(line: string): void
  noteDimmed(text: string): void
  /** Replaces the status line on a terminal. Elsewhere a line is written at most every ten seconds. */
  showProgress(line: string): void
  endProgress(): void
}

type TerminalStreams = {
  out: NodeJS.WritableStream
  error: NodeJS.WritableStream & { isTTY?: boolean; columns?: number }
  now?: () => number
}

const plainProgressEveryMs = 10_000
const eraseLine = '\r\u001b[2K'

export function createTerminal(streams: TerminalStreams = { out: process.stdout, error: process.stderr }): Terminal {
  const { out, error, now = Date.now } = streams
  const isInteractive = error.isTTY === true
  let isLineShown = false
  let shownAtMs = now()

  function endProgress(): void {
    if (isLineShown) error.write(eraseLine)
    isLineShown = false
  }

  function showProgress(line: string): void {
    if (isInteractive) {
      error.write(`${eraseLine}${showControls(line).slice(0, (error.columns ?? 80) - 1)}`)
      isLineShown = true
    } else if (now() - shownAtMs >= plainProgressEveryMs) {
      shownAtMs = now()
      error.write(`${showControls(line)}\n`)
    }
  }

  function aboveProgress(stream: NodeJS.WritableStream, text: string): void {
    endProgress()
    stream.write(showControls(text))
  }

  function noteDimmed(text: string): void {
    endProgress()
    const shown = showControls(text)
    error.write(isInteractive ? styleText('dim', shown, { validateStream: false }) : shown)
  }

  return {
    isInteractive,
    print: (line) => aboveProgress(out, `${line}\n`),
    printJson: (value) => aboveProgress(out, `${JSON.stringify(value)}\n`),
    write: (text) => aboveProgress(out, text),
    note: (line) => aboveProgress(error, `${line}\n`),
    noteDimmed,
    showProgress,
    endProgress,
  }
}

/** `[████░░░░] 12/40`, for a status line. */
export function progressBar(done: number, total: number, width = 24): string {
  const filled = total === 0 ? width : Math.floor((Math.min(done, total) / total) * width)
  return `[${'█'.repeat(filled)}${'░'.repeat(width - filled)}] ${done}/${total}`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`
  if (bytes < 1_048_576) return `${(bytes / 1_024).toFixed(1)} KiB`
  if (bytes < 1_073_741_824) return `${(bytes / 1_048_576).toFixed(1)} MiB`
  return `${(bytes / 1_073_741_824).toFixed(2)} GiB`
}
