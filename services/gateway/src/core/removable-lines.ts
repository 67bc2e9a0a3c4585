import type { ChainLink } from '@weft/contracts'

/**
 * The lines that may be removed from the beginning of a chain: all before the first line that is younger than `beforeMs` or that `isHeld` still needs. The newest
 * line of a chain always stays, because the next one is chained to it.
 */
export function removableLines<Line extends ChainLink & { at: string }>(
  { data, hasMore }: { data: Line[]; hasMore: boolean },
  { beforeMs, isHeld }: { beforeMs: number; isHeld: (line: Line) => boolean },
): Line[] {
  const candidates = hasMore ? data : data.slice(0, -1)
  const end = candidates.findIndex((line) => Date.parse(line.at) >= beforeMs || isHeld(line))
  return end < 0 ? candidates : candidates.slice(0, end)
}
