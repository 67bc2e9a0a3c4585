import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'
import { startSkewedModel } from './skewed-model.ts'

/**
 * `node bench/estimates/main.ts [runs] [seed]`: how often the range that a plan's estimate states holds what the run then cost, and how far the expected cost is
 * off. After 400 runs to learn from, as many as a planner looks back, every further run is compared with the estimate its plan had before it ran; of both, half
 * answer directly and half from documents.
 */
const runs = Number(process.argv[2] ?? 300)
const learnt = 400
const seed = Number(process.argv[3] ?? 11)
const concurrency = 6
/** The planner reads finished runs anew after 30 s. */
const learningMs = 32_000
const wanted = { least: 0.75, most: 0.85 }

const Answer = z.object({ weft: z.object({ sessionId: z.string(), status: z.string(), costUsd: z.number() }) })
const Range = z.object({ low: z.number(), expected: z.number(), high: z.number() })
const Session = z.looseObject({
  turns: z.array(z.looseObject({ plan: z.looseObject({ estimate: z.object({ costUsd: Range }) }) })).min(1),
})

interface Run {
  mode: string
  costUsd: number
  range: z.infer<typeof Range>
}

const load = watchLoad()
const model = await startSkewedModel(seed)
const mesh = await startBenchMesh({ openAi: { url: model.url, model: 'gpt-6-luna' } })
try {
  await addDocument()
  const seen = await askAll(learnt)
  await sleep(learningMs)
  await ask(0)
  await sleep(2_000)
  report(seen, await askAll(runs))
} finally {
  await mesh.stop()
  model.stop()
}

async function askAll(count: number): Promise<Run[]> {
  const done: Run[] = []
  let next = 0
  const worker = async () => {
    while (next < count) {
      next += 1
      done.push(await ask(next))
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return done
}

async function ask(n: number): Promise<Run> {
  const mode = n % 2 === 0 ? 'direct' : 'search'
  const question = `Where do herons stand? ${'Say more of it. '.repeat(n % 7)}`
  const body = { model: `weft/${mode}`, messages: [{ role: 'user', content: question }] }
  const { weft } = Answer.parse(await call('POST', '/v1/chat/completions', body))
  if (weft.status !== 'completed') throw new Error(`a run ended ${weft.status}`)
  const session = Session.parse(await call('GET', `/v1/sessions/${weft.sessionId}`))
  const range = session.turns[0]?.plan.estimate.costUsd
  if (range === undefined) throw new Error('the plan has no estimate')
  return { mode, costUsd: weft.costUsd, range }
}

/** One document is enough to answer from. */
async function addDocument(): Promise<void> {
  const form = new FormData()
  form.append('purpose', 'assistants')
  form.append('file', new Blob(['Herons stand in shallow water. They wait for fish.'.repeat(8)]), 'herons.txt')
  const file = z.object({ id: z.string() }).parse(await call('POST', '/v1/files', form))
  const store = z
    .object({ id: z.string() })
    .parse(await call('POST', '/v1/vector_stores', { name: 'herons', file_ids: [file.id] }))
  const Status = z.object({ status: z.string() })
  for (let tries = 0; tries < 120; tries += 1) {
    if (Status.parse(await call('GET', `/v1/vector_stores/${store.id}`)).status === 'completed') return
    await sleep(500)
  }
  throw new Error('the document was not indexed within a minute')
}

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const isForm = body instanceof FormData
  const response = await fetch(`${mesh.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${mesh.apiKey}`,
      ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer).slice(0, 300)}`)
  return answer
}

function report(seen: Run[], unseen: Run[]): void {
  const rows = ['direct', 'search', 'all'].map((mode) => {
    const of = (all: Run[]) => (mode === 'all' ? all : all.filter((run) => run.mode === mode))
    const own = of(unseen)
    const share = (holds: (run: Run) => boolean) => percent(own.filter(holds).length / own.length)
    const cost = meanOf(own.map(({ costUsd }) => costUsd))
    const before = meanOf(of(seen).map(({ costUsd }) => costUsd))
    const expected = meanOf(own.map(({ range }) => range.expected)).mean
    const error = 1.96 * Math.hypot(cost.error / cost.mean, before.error / before.mean) * (expected / cost.mean)
    return [
      mode,
      String(own.length),
      share(isHeld),
      share(({ costUsd, range }) => costUsd < range.low),
      share(({ costUsd, range }) => costUsd > range.high),
      signed(expected / before.mean - 1),
      `${signed(expected / cost.mean - 1)} ± ${percent(error)}`,
    ]
  })
  const heads = [
    'plans',
    'n',
    'in the range',
    'cheaper',
    'dearer',
    'expected, beside the runs before',
    'beside the runs held out',
  ]
  const note = `Seed ${seed}. The model is simulated: answers of log-normal length (median 180 tokens, sigma 0.9), a tenth of them four times as long, at the price of gpt-6-luna; everything else is the mesh as it is. The ranges come from the ${learnt} runs before (and those meanwhile), never from the run itself. The expected cost is the mean of the runs it was learnt from; ± is what two means of so few costs, so skewed, differ by chance (95 %). Real traffic drifts; the range follows it half a minute behind.`
  recordResults({
    name: 'estimates',
    title: 'What plans are said to cost, and cost',
    load,
    body: `${markdownTable(heads, rows)}\n\n${note}`,
  })
  const held = unseen.filter(isHeld).length / unseen.length
  if (held < wanted.least || held > wanted.most) process.exitCode = 1
}

function isHeld({ costUsd, range }: Run): boolean {
  return costUsd >= range.low && costUsd <= range.high
}

/** With the standard error of the mean. */
function meanOf(costs: number[]): { mean: number; error: number } {
  const mean = costs.reduce((sum, cost) => sum + cost, 0) / costs.length
  const variance = costs.reduce((sum, cost) => sum + (cost - mean) ** 2, 0) / (costs.length - 1)
  return { mean, error: Math.sqrt(variance / costs.length) }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function signed(share: number): string {
  return `${share < 0 ? '' : '+'}${percent(share)}`
}
