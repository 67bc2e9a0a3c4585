import { join, resolve } from 'node:path'
import { type RunningMesh, runWeft } from '@weft/tests/mesh/running-mesh.ts'
import { z } from 'zod'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/quotes/main.ts [answers=<number>]`: has every judged question of four collections answered, at most so many of each (default 1,000), through
 * `weft evaluate`, which reads the text of each cited file again over the API. Ends with 1 when a quote does not stand where its citation says.
 */
const names = ['musique100', 'anthropic_codebase', 'scifact', 'chroma_chunking']
const answersMax = process.argv.find((argument) => argument.startsWith('answers='))?.slice(8) ?? '1000'
const collections = resolve(process.env.WEFT_COLLECTIONS ?? '../shared/collections')
const evaluationTimeoutMs = 900_000

const Share = z.object({ mean: z.number() }).optional()
const Report = z.looseObject({
  answers: z.looseObject({
    asked: z.int(),
    failed: z.int(),
    quotes: z.object({ total: z.int(), verbatim: z.int() }),
    metrics: z.looseObject({ citation_precision: Share, answered: Share }),
  }),
})
type Answers = z.infer<typeof Report>['answers']

const load = watchLoad()
const mesh = await startBenchMesh({ env: { WEFT_EMBEDDER: 'off' } })
const answers: [string, Answers][] = []
try {
  for (const name of names) answers.push([name, await evaluate(mesh, name)])
} finally {
  await mesh.stop()
}
const total = (count: (each: Answers) => number) => answers.reduce((sum, [, each]) => sum + count(each), 0)
const [quotes, verbatim] = [total((each) => each.quotes.total), total((each) => each.quotes.verbatim)]
if (quotes === 0 || verbatim !== quotes || total(({ failed }) => failed) > 0) process.exitCode = 1
recordResults({ name: 'quotes', title: 'Quotes of answers, read again', load, body: describe() })

async function evaluate({ port, dataFolder, apiKey }: RunningMesh, name: string): Promise<Answers> {
  const environment = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey }
  const command = ['evaluate', join(collections, name), '--answers', answersMax, '--setting', 'bm25', '--queries', '1', '--json']
  const run = await runWeft(command, environment, evaluationTimeoutMs)
  if (run.code !== 0) throw new Error(`weft evaluate ${name} ended with ${run.code}: ${run.output.slice(-2_000)}`)
  return Report.parse(JSON.parse(run.stdout)).answers
}

function describe(): string {
  const head = ['collection', 'answers', 'failed', 'answered', 'citations of judged documents', '**quotes at their place**']
  const rows = answers.map(([name, { asked, failed, metrics, quotes: found }]) => [
    name,
    String(asked),
    String(failed),
    share(metrics.answered),
    share(metrics.citation_precision),
    `${found.verbatim} of ${found.total}`,
  ])
  const sum = [
    '**all**',
    String(total(({ asked }) => asked)),
    String(total(({ failed }) => failed)),
    '',
    '',
    `**${verbatim} of ${quotes}**`,
  ]
  return `${markdownTable(head, [...rows, sum])}\n\n\`weft/search\`, the offline model, documents found by words. Each quote is compared, character by character, with the text of its file at
the citation’s code point offsets, both read over the API after the answer.`
}

function share(estimate: z.infer<typeof Share>): string {
  return estimate === undefined ? '–' : estimate.mean.toFixed(3)
}
