import type { StoreRef } from '../client/knowledge-api.ts'
import { type Estimate, estimateDifference, estimateMean } from './core/bootstrap.ts'
import { isWithinBound } from './core/check-bound.ts'
import type { Choice } from './core/choose-fusion.ts'
import { type JudgedAnswer, measureAnswers } from './core/measure-answers.ts'
import { percentile } from './core/percentile.ts'
import type { Gate } from './gate-option.ts'
import type { LoadReport } from './load-collection.ts'
import type { SearchRun } from './run-searches.ts'
import type { WeftSearch } from './setting-option.ts'

export type SettingReport = {
  name: string
  /** The `weft` object of the searches; null when they had none. */
  weft: WeftSearch | null
  metrics: Record<string, Estimate>
  /** The differences to the first setting, question by question; null for the first one itself. */
  differences: Record<string, Estimate> | null
  latencyMs: { p50: number; p99: number }
}

export type AnswersReport = {
  asked: number
  failed: number
  /** The first few reasons. */
  failures: string[]
  quotes: { total: number; verbatim: number }
  metrics: Record<string, Estimate>
}

export type GateReport = { gate: string; value: number | null; isMet: boolean }

export type EvaluationReport = {
  collection: { name: string; documents: number; questions: number; judged: number }
  store: StoreRef
  loading: LoadReport | null
  seed: number
  settings: SettingReport[]
  answers: AnswersReport | null
  choice: (Choice & { isApplied: boolean }) | null
  gates: GateReport[]
  notes: string[]
}

export function reportSettings(runs: readonly SearchRun[], seed: number): SettingReport[] {
  const [first] = runs
  return runs.map(({ setting, values, latenciesMs }) => ({
    name: setting.name,
    weft: setting.weft ?? null,
    metrics: estimates([...values], seed),
    differences: values === first?.values ? null : differences(values, { baseline: first?.values ?? new Map(), seed }),
    latencyMs: { p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) },
  }))
}

function estimates(values: [string, number[]][], seed: number): Record<string, Estimate> {
  return Object.fromEntries(values.map(([name, each]) => [name, estimateMean(each, seed)]))
}

function differences(
  values: Map<string, number[]>,
  { baseline, seed }: { baseline: Map<string, number[]>; seed: number },
): Record<string, Estimate> {
  return Object.fromEntries([...values].map(([name, each]) => [name, estimateDifference(each, baseline.get(name) ?? [], seed)]))
}

const failuresShown = 3

export function reportAnswers(
  { answers, failures }: { answers: JudgedAnswer[]; failures: string[] },
  seed: number,
): AnswersReport {
  const quotes = answers.flatMap(({ citations }) => citations)
  return {
    asked: answers.length,
    failed: failures.length,
    failures: failures.slice(0, failuresShown),
    quotes: { total: quotes.length, verbatim: quotes.filter(({ isVerbatim }) => isVerbatim).length },
    metrics: estimates([...measureAnswers(answers)], seed),
  }
}

/** Judges the gates. One about something that no question could show, such as refusals without an unanswerable question in the sample, is missed. */
export function judgeGates(
  gates: readonly Gate[],
  { settings, answers }: Pick<EvaluationReport, 'settings' | 'answers'>,
): GateReport[] {
  return gates.map(({ text, setting, metric, bound }) => {
    const value =
      setting === 'answers'
        ? answers?.metrics[metric]?.mean
        : measuredBy(
            settings.find(({ name }) => name === setting),
            metric,
          )
    return { gate: text, value: value ?? null, isMet: isWithinBound(value, bound) }
  })
}

function measuredBy(setting: SettingReport | undefined, metric: string): number | undefined {
  if (metric === 'p50_ms') return setting?.latencyMs.p50
  if (metric === 'p99_ms') return setting?.latencyMs.p99
  return setting?.metrics[metric]?.mean
}
