/** Code point offsets in a stored text. */
export type Span = { start: number; end: number }

/** Chunks leave out the blank lines between them. */
const gapMax = 8

/**
 * The span with whole neighbours of its section added, nearest first, as long as it stays within `lengthMax` and without a gap. Neighbours may overlap, and
 * the span itself may be among them.
 */
export function widenSpan({ start, end }: Span, neighbours: Span[], lengthMax: number): Span {
  let span = { start, end }
  const left = neighbours.toSorted((a, b) => distance(a, { start, end }) - distance(b, { start, end }) || a.start - b.start)
  for (const each of left) {
    const isJoined = each.start <= span.end + gapMax && each.end + gapMax >= span.start
    const wider = { start: Math.min(span.start, each.start), end: Math.max(span.end, each.end) }
    if (isJoined && wider.end - wider.start <= lengthMax) span = wider
  }
  return span
}

function distance(each: Span, from: Span): number {
  return Math.max(0, each.start - from.end, from.start - each.end)
}
