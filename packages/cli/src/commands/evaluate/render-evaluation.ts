import type { Estimate } from './core/bootstrap.ts'
import type { AnswersReport, EvaluationReport, GateReport, SettingReport } from './evaluation-report.ts'

/** The report as lines: a table of metrics with the settings side by side, then answers, choice and gates. */
export function renderEvaluation(report: EvaluationReport): string[] {
  return [
    describeCollection(report),
    '',
    ...renderTable(settingRows(report.settings)),
    ...(report.answers === null ? [] : ['', ...renderAnswers(report.answers)]),
    ...(report.choice === null ? [] : ['', ...renderChoice(report.choice, report.store.name)]),
    ...(report.gates.length === 0 ? [] : ['', ...report.gates.map(renderGate)]),
  ]
}

function describeCollection({ collection, store, seed }: EvaluationReport): string {
  const { name, documents, questions, judged } = collection
  const share = questions === judged ? `${questions} questions` : `${questions} of ${judged} questions (seed ${seed})`
  return `${name}: ${share} on ${documents} documents in "${store.name}"; intervals of 95 %`
}

function settingRows(settings: readonly SettingReport[]): string[][] {
  const [first] = settings
  const metrics = Object.keys(first?.metrics ?? {})
  const header = [
    'metric',
    'setting',
    'value',
    'interval',
    ...(settings.length > 1 ? [`against ${first?.name}`, 'interval'] : []),
  ]
  const latencies = settings.flatMap(({ name, latencyMs: { p50, p99 } }, index) => [
    [index === 0 ? 'latency' : '', name, `p50 ${p50.toFixed(1)} ms`, `p99 ${p99.toFixed(1)} ms`],
  ])
  return [
    header,
    ...metrics.flatMap((metric) => settings.map((setting, index) => settingRow(metric, setting, index))),
    ...latencies,
  ]
}

function settingRow(metric: string, { name, metrics, differences }: SettingReport, index: number): string[] {
  const [estimate, difference] = [metrics[metric], differences?.[metric]]
  return [
    index === 0 ? metric : '',
    name,
    ...(estimate === undefined ? ['', ''] : [value(estimate.mean), interval(estimate)]),
    ...(difference === undefined
      ? []
      : [signed(difference.mean), `${signedInterval(difference)}${isToldApart(difference) ? ' *' : ''}`]),
  ]
}

function renderAnswers({ asked, failed, failures, quotes, metrics }: AnswersReport): string[] {
  const rows = Object.entries(metrics).map(([name, estimate]) => {
    return [name, value(estimate.mean), interval(estimate), `of ${estimate.count}`]
  })
  return [
    `answers: ${asked} questions asked${failed === 0 ? '' : `, ${failed} failed (${failures.join('; ')})`}; ${quotes.verbatim} of ${quotes.total} quotes verbatim`,
    ...renderTable(rows),
  ]
}

function renderChoice(choice: NonNullable<EvaluationReport['choice']>, storeName: string): string[] {
  const { fusion, textWeight, chosenOn, crossValidated, difference, isApplied } = choice
  const verdict = !isToldApart(difference) ? 'the questions do not tell the two apart' : difference.mean > 0 ? 'better' : 'worse'
  return [
    `best fusion: ${fusion}, text weight ${textWeight}: ndcg@10 ${value(chosenOn.mean)} (${interval(chosenOn)}) on these questions`,
    `  such a choice on questions it has not seen: ${value(crossValidated.mean)} (${interval(crossValidated)})`,
    `  against plain hybrid: ${signed(difference.mean)} (${signedInterval(difference)}): ${verdict}`,
    isApplied ? `  stored with "${storeName}"` : '  --apply stores it with the vector store',
  ]
}

function renderGate({ gate, value: measured, isMet }: GateReport): string {
  return `gate ${isMet ? 'met' : 'MISSED'}: ${gate} (${measured === null ? 'nothing to measure' : value(measured)})`
}

function renderTable(rows: readonly string[][]): string[] {
  const widths = rows.reduce<number[]>((widest, row) => {
    const columns = Math.max(widest.length, row.length)
    return Array.from({ length: columns }, (_, column) => Math.max(widest[column] ?? 0, row[column]?.length ?? 0))
  }, [])
  return rows.map((row) => {
    return row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  })
}

function isToldApart({ low, high }: Estimate): boolean {
  return low > 0 || high < 0
}

function interval({ low, high }: Estimate): string {
  return `${value(low)} … ${value(high)}`
}

function signedInterval({ low, high }: Estimate): string {
  return `${signed(low)} … ${signed(high)}`
}

function value(number: number): string {
  return number.toFixed(4)
}

function signed(number: number): string {
  return `${number < 0 ? '−' : '+'}${Math.abs(number).toFixed(4)}`
}
