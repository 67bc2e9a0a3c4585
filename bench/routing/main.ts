import { seededRandom } from '@weft/models'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'
import { contenders, floors, type Prepared, prepare } from './contenders.ts'
import { describeCurves, describeRegret } from './describe-curves.ts'
import { readOutcomes } from './read-outcomes.ts'
import { always, costAt, curvesOf, oracleCost, type Point } from './run-contender.ts'

/**
 * `node bench/routing/main.ts [seeds] [tuning]`: what the router pays for 95 % of the strong model's right answers, on RouteLLM's outcomes. `tuning` runs
 * on the prompts that its constants were chosen on, and records nothing.
 */
const isTuning = process.argv.includes('tuning')
const seeds = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 20)
const wanted = 0.95
const load = watchLoad()
const judged = readOutcomes()
if (judged !== undefined) {
  const prompts = judged.filter((prompt) => prompt.isTuning === isTuning).map(prepare)
  const groups: [string, Prepared[]][] = [
    ['GSM8K', prompts.filter(({ collection }) => collection === 'GSM8K')],
    ['MMLU', prompts.filter(({ collection }) => collection === 'MMLU')],
    ['both, mixed', prompts],
  ]
  const measured = groups.map(([name, group]) => measure(name, group))
  const body = [
    `Cost of ${wanted * 100} % of the strong model's right answers, as a share of what the strong model alone costs; 95 % interval over ${seeds} orders.`,
    costTable(measured),
    floorTable(measured),
    ...measured.map(({ name, curves }) => describeCurves(name, curves)),
    describeRegret(prompts, seeds),
    protocol(prompts.length),
  ].join('\n\n')
  if (isTuning) console.log(body)
  else recordResults({ name: 'routing', title: 'Routing between a weak and a strong model', load, body })
  const failed = measured.filter(({ curves }) => !isBelowAll(curves))
  for (const { name } of failed) console.error(`${name}: the router costs more than a static rule or UCB1`)
  if (failed.length > 0) process.exitCode = 1
}

interface Measured {
  name: string
  prompts: Prepared[]
  curves: Map<string, Point[][]>
}

function measure(name: string, group: Prepared[]): Measured {
  return { name, prompts: group, curves: new Map(contenders.map((kind) => [kind.name, curvesOf(kind, group, seeds)])) }
}

function costOf(curves: Point[][] | undefined): ReturnType<typeof costAt> {
  return costAt(curves ?? [], wanted, seededRandom(1))
}

function isBelowAll(curves: Map<string, Point[][]>): boolean {
  const own = costOf(curves.get('Weft')).cost
  return contenders.filter(({ name }) => !name.startsWith('Weft')).every(({ name }) => own < costOf(curves.get(name)).cost)
}

function costTable(groups: Measured[]): string {
  const shown = (value: number) => value.toFixed(3)
  const rows = contenders.map(({ name }) => [
    name,
    ...groups.map(({ curves }) => {
      const { cost, low, high } = costOf(curves.get(name))
      return `${name === 'Weft' ? `**${shown(cost)}**` : shown(cost)} (${shown(low)}–${shown(high)})`
    }),
  ])
  const ends = (['weak', 'strong'] as const).map((choice) => [
    choice === 'weak' ? 'always cheap' : 'always strong',
    ...groups.map(({ prompts }) => {
      const { cost, quality } = always(choice, prompts)
      return `${shown(cost)}, quality ${shown(quality)}`
    }),
  ])
  const oracle = ['oracle: knows every outcome', ...groups.map(({ prompts }) => shown(oracleCost(prompts, wanted)))]
  return markdownTable(['', ...groups.map(({ name, prompts }) => `${name}, n = ${prompts.length}`)], [...ends, ...rows, oracle])
}

/** What the router reaches when it is asked for this quality and left alone. */
function floorTable(groups: Measured[]): string {
  const at = 2 + floors.indexOf(wanted)
  const rows = groups.map(({ name, curves }) => {
    const points = (curves.get('Weft') ?? []).flatMap((curve) => curve[at] ?? [])
    const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / Math.max(1, points.length)
    return [name, mean(({ quality }) => quality).toFixed(3), mean(({ cost }) => cost).toFixed(3)]
  })
  return `Asked for ${wanted} (\`minQuality\`) and left alone, from its first prompt on:\n\n${markdownTable(['', 'quality reached', 'cost'], rows)}`
}

function protocol(n: number): string {
  return `Weak: Mixtral 8x7B at $0.24 a million tokens; strong: gpt-4-1106-preview at $10 and $30; outcomes of RouteLLM (seven subjects of MMLU, all of GSM8K's test set). Tokens are letters / 4; MMLU's answers count 8. Each contender goes once through the prompts in an order of chance, starts with nothing learned, and sees the outcome of its own choice only; its knob (for Weft the wanted quality) makes a curve, read where its mean over the orders first reaches the quality. All of Weft's constants were chosen on three prompts of ten (by a hash of the prompt), none of which is among these ${n}; rules and UCB1 are read at their best knob on these prompts themselves. The test prompts were measured three times, the first two in 10 orders. What is assumed of sums before outcomes tell (\`suspicion\`) was added, on the tuning prompts, after the first time, when GSM8K came to 0.778, MMLU to 0.607 and both to 0.714; what it goes by (\`stepsOf\`) was chosen anew, on the tuning prompts, after the second, when GSM8K came to 0.768, MMLU to 0.607 and both to 0.711.`
}
