import { usageError } from '../client/explain-failure.ts'
import type { Bound } from './core/check-bound.ts'
import { answerMetricNames } from './core/measure-answers.ts'
import { metricNames } from './core/measure-query.ts'

/** A condition for the command to end with 0. */
export type Gate = { text: string; setting: string; metric: string; bound: Bound }

const latencyMetricNames = ['p50_ms', 'p99_ms'] as const

const form = /^(?<setting>.+)\.(?<metric>[a-z0-9_]+(?:@\d+)?)\s*(?<operator>>=|<=|>|<)\s*(?<limit>-?\d+(?:\.\d+)?)$/

/** Parses a gate like `hybrid.ndcg@10>=0.70`, `hybrid.p99_ms<=80` or `answers.quotes_verbatim>=1`. Throws wrong usage. */
export function gateOption(text: string, earlier: Gate[] | undefined): Gate[] {
  const { setting, metric, operator, limit } = form.exec(text.trim())?.groups ?? {}
  if (setting === undefined || metric === undefined || !isOperator(operator)) {
    throw usageError(`--gate needs <setting>.<metric> >= <number>, such as hybrid.ndcg@10>=0.70; not "${text}"`)
  }
  return [...(earlier ?? []), { text: text.trim(), setting, metric, bound: { operator, limit: Number(limit) } }]
}

function isOperator(text: string | undefined): text is Bound['operator'] {
  return text === '>=' || text === '<=' || text === '>' || text === '<'
}

/** Throws wrong usage for a gate on something that this run does not measure. */
export function checkGates(
  gates: readonly Gate[],
  measured: { settingNames: string[]; hasSpans: boolean; hasAnswers: boolean },
): void {
  const { settingNames, hasSpans, hasAnswers } = measured
  const metrics = [...metricNames({ hasSpans }), ...latencyMetricNames]
  for (const { text, setting, metric } of gates) {
    if (setting === 'answers' && !hasAnswers) throw usageError(`--gate "${text}" needs --answers <number>`)
    if (setting !== 'answers' && !settingNames.includes(setting)) {
      throw usageError(`--gate "${text}": no setting "${setting}"; there are ${settingNames.join(', ')}`)
    }
    const known = setting === 'answers' ? answerMetricNames : metrics
    if (!known.includes(metric)) throw usageError(`--gate "${text}": no metric "${metric}" here; there are ${known.join(', ')}`)
  }
}
