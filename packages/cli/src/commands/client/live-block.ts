import { showControls } from './show-controls.ts'

/** A block of lines on a terminal, which is replaced each time it is shown. */
export interface LiveBlock {
  /** Whether the output is a terminal, where lines can be replaced. Otherwise nothing is shown. */
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
      // Lines are cut, because a line that wraps, and lines beyond the terminal's height, could not be erased again.
      const width = (out.columns ?? 80) - 1
      const fit = lines.slice(-Math.max(1, (out.rows ?? 24) - 1)).map((line) => [...showControls(line)].slice(0, width).join(''))
      out.write(`${height === 0 ? '' : `${up(height)}${eraseBelow}`}${fit.join('\n')}\n`)
      height = fit.length
    },
  }
}
