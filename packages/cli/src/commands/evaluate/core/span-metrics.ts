/** A part of a document's text, in Unicode code points; `end` is exclusive. */
export type Span = { document: string; start: number; end: number }

export type SpanScores = {
  /** The share of the marked text that was retrieved. */
  recall: number
  /** The share of the retrieved text that is marked. */
  precision: number
  /** The length of the text that is both marked and retrieved, divided by that of the text that is either. */
  iou: number
  /** The same with only those retrieved chunks that touch a marked span. It tells how well chunks are cut, whatever else was retrieved. */
  iouTouching: number
}

/**
 * How much of the marked text the retrieved chunks contain, and how little else: the scores of Chroma's chunking evaluation (Smith and Troynikov, "Evaluating Chunking
 * Strategies for Retrieval", 2024), over ranges of characters. Text that two chunks share counts once.
 */
export function scoreSpans(retrieved: readonly Span[], marked: readonly Span[]): SpanScores {
  const markedText = unite(marked)
  const markedLength = lengthOf(markedText)
  const found = lengthOf(intersect(unite(retrieved), markedText))
  const retrievedLength = lengthOf(unite(retrieved))
  const touchingLength = lengthOf(unite(retrieved.filter((chunk) => markedText.some((span) => overlap(chunk, span) > 0))))
  return {
    recall: ratio(found, markedLength),
    precision: ratio(found, retrievedLength),
    iou: ratio(found, retrievedLength + markedLength - found),
    iouTouching: ratio(found, touchingLength + markedLength - found),
  }
}

/** The same text as ordered spans that neither overlap nor touch. */
function unite(spans: readonly Span[]): Span[] {
  const united: Span[] = []
  for (const span of spans.toSorted(byPlace)) {
    const last = united.at(-1)
    if (last === undefined || last.document !== span.document || span.start > last.end) united.push({ ...span })
    else last.end = Math.max(last.end, span.end)
  }
  return united
}

function byPlace(a: Span, b: Span): number {
  if (a.document !== b.document) return a.document < b.document ? -1 : 1
  return a.start - b.start
}

function intersect(some: readonly Span[], others: readonly Span[]): Span[] {
  return some.flatMap((span) =>
    others
      .filter((other) => overlap(span, other) > 0)
      .map((other) => ({ ...span, start: Math.max(span.start, other.start), end: Math.min(span.end, other.end) })),
  )
}

function overlap(a: Span, b: Span): number {
  return a.document === b.document ? Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start)) : 0
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { start, end }) => sum + (end - start), 0)
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
