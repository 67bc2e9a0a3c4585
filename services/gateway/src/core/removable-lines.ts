import type { ChainLink } from '@weft/contracts'

/**
 * The lines that may go from the beginning of a chain: those before the first that is young, or of which `isHeld` says that it is needed. The newest line
 * of a chain always stays, for the next one follows it.
 */
export function removableLines<Line extends ChainLink & { at: string }>(
  { data, hasMore }: { data: Line[]; hasMore: boolean },
  { beforeMs, isHeld }: { beforeMs: number; isHeld: (line: Line) => boolean },
): Line[] {
  const candidates = hasMore ? data : data.slice(0, -1)
  const end = candidates.findIndex((line) => Date.parse(line.at) >= beforeMs || isHeld(line))
  return end < 0 ? candidates : candidates.slice(0, end)
}
