import {
  allFoundAt,
  averagePrecision,
  type Grades,
  ndcgAt,
  precisionAt,
  type Ranked,
  recallAt,
  reciprocalRankAt,
} from './rank-metrics.ts'
import { type SpanScores, scoreSpans, type Span } from './span-metrics.ts'

/** The right results for a question. */
export type Gold = { grades: Grades; marked: readonly Span[] }

/** The metrics of a ranking. `map` goes as deep as the search does, which is at most 50 results. */
const rankMetrics: Record<string, (ranked: Ranked) => number> = {
  'ndcg@10': (ranked) => ndcgAt(10, ranked),
  map: averagePrecision,
  'mrr@10': (ranked) => reciprocalRankAt(10, ranked),
  'recall@5': (ranked) => recallAt(5, ranked),
  'recall@10': (ranked) => recallAt(10, ranked),
  'recall@20': (ranked) => recallAt(20, ranked),
  'all@10': (ranked) => allFoundAt(10, ranked),
  'precision@10': (ranked) => precisionAt(10, ranked),
}

/** Chroma's evaluation retrieves 5 chunks; about 3 contain one answer. */
const spanDepths = [3, 5]

const spanMetrics: Record<string, (scores: SpanScores) => number> = {
  span_recall: ({ recall }) => recall,
  span_precision: ({ precision }) => precision,
  span_iou: ({ iou }) => iou,
  span_iou_touching: ({ iouTouching }) => iouTouching,
}

/** The metrics of a collection, in the order they are shown. */
export function metricNames({ hasSpans }: { hasSpans: boolean }): string[] {
  const names = Object.keys(rankMetrics)
  return hasSpans
    ? [...names, ...spanDepths.flatMap((depth) => Object.keys(spanMetrics).map((name) => `${name}@${depth}`))]
    : names
}

/**
 * All metrics of the results of a question, which are given best first. A document counts once, at its best chunk. Without marked spans there are no span
 * metrics.
 */
export function measureQuery(chunks: readonly Span[], { grades, marked }: Gold): Map<string, number> {
  const ranking = [...new Set(chunks.map(({ document }) => document))]
  const measured = new Map(Object.entries(rankMetrics).map(([name, metric]) => [name, metric({ ranking, grades })]))
  if (marked.length === 0) return measured
  for (const depth of spanDepths) {
    const scores = scoreSpans(chunks.slice(0, depth), marked)
    for (const [name, metric] of Object.entries(spanMetrics)) measured.set(`${name}@${depth}`, metric(scores))
  }
  return measured
}
