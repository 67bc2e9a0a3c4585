import { showControls } from './show-controls.ts'

/** Lines that replace themselves on a terminal. */
export interface LiveBlock {
  /** Whether lines can replace those before them; elsewhere nothing is shown. */
  readonly isLive: boolean
  show(lines: string[]): void
}

type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number }

const up = (count: number) => `\u001b[${count}A`
const eraseBelow = '\r\u001b[0J'

export function createLiveBlock(out: Output = process.stdout): LiveBlock {
  const isLive = out.isTTY === true
  let height = 0
  return {
    isLive,
    show(lines) {
      if (!isLive) return
      // A line that wraps, or more lines than the terminal has, could not be erased again.
      const width = (out.columns ?? 80) - 1
      const fit = lines.slice(-Math.max(1, (out.rows ?? 24) - 1)).map((line) => [...showControls(line)].slice(0, width).join(''))
      out.write(`${height === 0 ? '' : `${up(height)}${eraseBelow}`}${fit.join('\n')}\n`)
      height = fit.length
    },
  }
}
