import { evidenceModel } from '@weft/retrieval'
import { findCollection } from '@weft/retrieval/testing'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'
import { areaUnderCurve, fitLogistic, probabilityOf } from './fit-logistic.ts'
import { type CaseKind, casesOf, type JudgedCase } from './judged-cases.ts'

/**
 * `node bench/abstention/main.ts`: how well the words of a question and of the passages found tell whether these hold an answer. Fits the model that
 * `judge-evidence.ts` holds, judges each collection by a model fitted to the others, and prints the weights of all. No mesh is started.
 */
const names = ['musique100', 'scifact', 'anthropic_codebase']
const thresholds = [0.1, 0.2, 0.3]
const resamples = 1_000

const load = watchLoad()
const cases = casesOf(names.flatMap((name) => findCollection(name) ?? []))
const judged = names.flatMap((name) => {
  const model = fitLogistic(cases.filter(({ collection }) => collection !== name))
  return cases
    .filter(({ collection }) => collection === name)
    .map((each) => ({ ...each, probability: probabilityOf(model, each.values) }))
})
const { bias, weights } = fitLogistic(cases)
console.log(`fitted to all: bias ${bias.toFixed(2)}, weights ${weights.map((weight) => weight.toFixed(2)).join(', ')}`)
console.log(`in use: ${JSON.stringify(evidenceModel)}`)
recordResults({ name: 'abstention', title: 'Whether passages hold an answer', load, body: describe() })

function describe(): string {
  const rows = thresholds.flatMap((threshold) => [
    row('each by the others’ model', threshold, judged),
    row('as Weft judges', threshold, cases),
  ])
  const head = ['refused below', 'judged', 'answerable refused', 'precision of refusing', 'recall, foreign', 'recall, removed']
  const curves = names.map((name) => {
    const own = judged.filter(({ collection }) => collection === name)
    return [name, String(own.length), ...(['foreign', 'removed'] as const).map((kind) => curve(own, kind))]
  })
  const curveHead = ['AUC of', 'cases', 'answerable or foreign', 'answerable or its documents removed']
  return `${markdownTable(head, rows)}\n\n${markdownTable(curveHead, curves)}\n\nEvery judged question of musique100, scifact and anthropic_codebase with the eight best passages by words: answerable; its documents removed;
foreign, up to 150 questions of each of the other collections. Intervals of 95 % by ${resamples} resamples of the questions. Precision and recall of the shares given here:
where most questions can be answered, precision is lower. “As Weft judges” leaves questions of fewer than three words alone.`
}

function row(name: string, threshold: number, all: JudgedCase[]): string[] {
  const refused = ({ probability }: JudgedCase) => probability < threshold
  const shareRefused = (kind: CaseKind) => {
    const own = all.filter((each) => each.kind === kind)
    return interval(own, (sample) => sample.filter(refused).length / sample.length)
  }
  const precision = interval(all.filter(refused), (sample) => sample.filter(({ label }) => label === 0).length / sample.length)
  return [String(threshold), name, shareRefused('answerable'), precision, shareRefused('foreign'), shareRefused('removed')]
}

function curve(own: JudgedCase[], kind: CaseKind): string {
  return interval(
    own.filter((each) => each.label === 1 || each.kind === kind),
    areaUnderCurve,
    100,
  )
}

/** A figure with the bounds that 95 % of resamples fall between; the same resamples in every run. */
function interval(all: JudgedCase[], measure: (sample: JudgedCase[]) => number, times = resamples): string {
  if (all.length === 0) return '–'
  let seed = 1
  const next = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % all.length
  }
  const values = Array.from({ length: times }, () => measure(all.map(() => all[next()]).filter((each) => each !== undefined)))
  values.sort((left, right) => left - right)
  const at = (share: number) => (values[Math.floor(share * values.length)] ?? 0).toFixed(3)
  return `${measure(all).toFixed(3)} [${at(0.025)}, ${at(0.975)}]`
}
