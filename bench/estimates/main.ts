import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'
import { startSkewedModel } from './skewed-model.ts'

/**
 * `node bench/estimates/main.ts [runs] [seed]`: how often the range that a plan's estimate states holds what the run then cost. After as many runs to learn from,
 * every further run is compared with the estimate its plan had before it ran; of those, half answer directly and half from documents.
 */
const runs = Number(process.argv[2] ?? 300)
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
  await askAll(runs)
  await sleep(learningMs)
  await ask(0)
  await sleep(2_000)
  report(await askAll(runs))
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

function report(unseen: Run[]): void {
  const share = (of: Run[], holds: (run: Run) => boolean) => of.filter(holds).length / of.length
  const isHeld = ({ costUsd, range }: Run) => costUsd >= range.low && costUsd <= range.high
  const rows = ['direct', 'search', 'all'].map((mode) => {
    const own = mode === 'all' ? unseen : unseen.filter((run) => run.mode === mode)
    const mean = own.reduce((sum, { costUsd }) => sum + costUsd, 0) / own.length
    const expected = own.reduce((sum, { range }) => sum + range.expected, 0) / own.length
    const percent = (part: number) => `${(100 * part).toFixed(1)} %`
    const below = share(own, ({ costUsd, range }) => costUsd < range.low)
    const above = share(own, ({ costUsd, range }) => costUsd > range.high)
    return [mode, String(own.length), percent(share(own, isHeld)), percent(below), percent(above), percent(expected / mean - 1)]
  })
  const heads = ['plans', 'n', 'in the range', 'cheaper', 'dearer', 'expected, beside the mean cost']
  const note = `Seed ${seed}. The model is simulated: answers of log-normal length (median 180 tokens, sigma 0.9), a tenth of them four times as long, at the price of gpt-6-luna; everything else is the mesh as it is. The ranges come from the ${runs} runs before (and those meanwhile), never from the run itself. Real traffic drifts; the range follows it half a minute behind.`
  recordResults({
    name: 'estimates',
    title: 'What plans are said to cost, and cost',
    load,
    body: `${markdownTable(heads, rows)}\n\n${note}`,
  })
  const held = share(unseen, isHeld)
  if (held < wanted.least || held > wanted.most) process.exitCode = 1
}
