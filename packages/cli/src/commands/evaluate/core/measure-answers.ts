/** The answer to a question. `failed`: there was neither an answer nor a refusal. */
export type JudgedAnswer = {
  isAnswerable: boolean
  outcome: 'answered' | 'refused' | 'failed'
  citations: { isRelevant: boolean; isVerbatim: boolean }[]
}

type Measure = (answer: JudgedAnswer) => number | undefined

const measures: Record<string, Measure> = {
  citation_precision: ({ isAnswerable, citations }) =>
    isAnswerable ? shareOf(citations, ({ isRelevant }) => isRelevant) : undefined,
  quotes_verbatim: ({ citations }) => shareOf(citations, ({ isVerbatim }) => isVerbatim),
  answered: ({ isAnswerable, outcome }) => (isAnswerable ? Number(outcome === 'answered') : undefined),
  refused: ({ isAnswerable, outcome }) => (isAnswerable ? undefined : Number(outcome === 'refused')),
  abstention: ({ isAnswerable, outcome }) => Number(outcome === (isAnswerable ? 'answered' : 'refused')),
}

export const answerMetricNames = Object.keys(measures)

/** The values of each metric, one for every question that it applies to. A metric that applies to none is left out. */
export function measureAnswers(answers: readonly JudgedAnswer[]): Map<string, number[]> {
  const measured = Object.entries(measures).map(([name, measure]) => {
    return [name, answers.flatMap((answer) => measure(answer) ?? [])] as const
  })
  return new Map(measured.filter(([, values]) => values.length > 0))
}

function shareOf<T>(items: readonly T[], isCounted: (item: T) => boolean): number | undefined {
  return items.length === 0 ? undefined : items.filter(isCounted).length / items.length
}
