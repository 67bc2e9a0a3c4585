import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchForeignLoad } from '../measuring/foreign-load.ts'
import { type LoadWatch, watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { startModelProcess } from '../measuring/model-process.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import { type ChatTarget, timeFirstToken, timeWholeAnswer } from '../measuring/stream-chat.ts'
import { startPortkey } from '../measuring/portkey.ts'

/**
 * `node bench/first-token/main.ts [rounds] [minutes]`: what the mesh adds to the time to the first token of a model that answers at once. Rounds
 * during which others use the machine do not count; it waits for better ones, as long as the minutes (default 10) for each table allow.
 */
const rounds = Number(process.argv[2] ?? 1_000)
const minutesMax = Number(process.argv[3] ?? 10)
const warmUpRounds = 150
const batchRounds = 25
/** Share of all cores that others may use during a batch that counts. */
const foreignShareMax = 0.1
const pauseMs = 2_000

interface Contender {
  label: string
  target: ChatTarget
  wanted?: { p50: number; p99?: number }
}

interface Measured extends Contender {
  samples: number[]
  /** Rounds that do not count. */
  left: number
}

const model = await startModelProcess('instant-model')
const mesh = await startBenchMesh({ openAi: { url: model.url, model: 'test-model' } })
const peer = await startPortkey(model.url)
const direct = contender('the model itself', { url: model.url, model: 'test-model', authorization: 'Bearer test-key' })
const own = { url: `${mesh.url}/v1`, authorization: `Bearer ${mesh.apiKey}` }
const passThrough = contender('`openai/test-model` through the gateway', { ...own, model: 'openai/test-model' }, { p50: 1.2 })
const auto = contender('`weft/auto`', { ...own, model: 'weft/auto' }, { p50: 15, p99: 60 })
const portkey =
  peer && contender(`Portkey’s gateway ${peer.version}`, { ...peer, model: 'test-model', authorization: 'Bearer test-key' })
const pids = [
  process.pid,
  model.pid,
  ...(peer === undefined ? [] : [peer.pid]),
  ...(await mesh.processes()).flatMap(({ pid }) => pid ?? []),
]

try {
  const load = watchLoad()
  const streamed = await measure([direct, passThrough, auto], timeFirstToken)
  const whole = await measure([direct, passThrough, ...(portkey === undefined ? [] : [portkey])], timeWholeAnswer)
  report(load, streamed, whole)
} finally {
  await Promise.all([direct, passThrough, auto, portkey].map((each) => each?.target.dispatcher.close()))
  await Promise.all([peer?.stop(), mesh.stop()])
  await model.stop()
}

interface Place {
  url: string
  model: string
  authorization: string
  headers?: Record<string, string>
}

function contender(label: string, { url, model, authorization, headers }: Place, wanted?: Contender['wanted']): Contender {
  const { origin, pathname } = new URL(`${url}/chat/completions`)
  const target = {
    dispatcher: new Pool(origin, { connections: 1 }),
    path: pathname,
    headers: { authorization, ...headers },
    model,
  }
  return wanted === undefined ? { label, target } : { label, target, wanted }
}

/**
 * One request of each in every round, in an order that changes: what one leaves to do behind its answer disturbs each other as often. A batch
 * of rounds counts by what others did on the machine meanwhile, whatever it measured.
 */
async function measure(contenders: Contender[], time: (target: ChatTarget) => Promise<number>): Promise<Measured[]> {
  const measured = contenders.map((each): Measured => ({ ...each, samples: [], left: 0 }))
  const foreignShare = watchForeignLoad(pids)
  const untilMs = performance.now() + minutesMax * 60_000
  for (let round = 0; round < warmUpRounds; round += 1) await runRound(measured, time)
  const isDone = () => measured.every(({ samples }) => samples.length >= rounds) || performance.now() > untilMs
  while (!isDone()) {
    foreignShare()
    const batch: number[][] = []
    for (let round = 0; round < batchRounds; round += 1) batch.push(await runRound(measured, time))
    const counts = foreignShare() <= foreignShareMax
    for (const [index, each] of measured.entries()) {
      if (counts) each.samples.push(...batch.flatMap((times) => times[index] ?? []))
      else each.left += batchRounds
    }
    if (!counts) await sleep(pauseMs)
  }
  if (measured.some(({ samples }) => samples.length === 0)) throw new Error('others were busy on this machine all the time')
  return measured
}

/** The times of one round, in the order of the contenders. */
async function runRound(contenders: Contender[], time: (target: ChatTarget) => Promise<number>): Promise<number[]> {
  const times: number[] = []
  const order = contenders.map((each, index) => ({ each, index, rank: Math.random() })).sort((a, b) => a.rank - b.rank)
  for (const { each, index } of order) times[index] = await time(each.target)
  return times
}

/** Percentiles less the p50 of the model itself. */
function added({ samples }: Measured, [base]: Measured[]): { p50: number; p99: number } {
  const baseMs = base === undefined ? 0 : p50(base.samples)
  return { p50: p50(samples) - baseMs, p99: p99(samples) - baseMs }
}

function tableOf(what: string, all: Measured[]): string {
  const rows = all.map((each, index) => {
    const more = added(each, all)
    const extra = index === 0 ? ['', ''] : [cell(more.p50), cell(more.p99)]
    const { wanted } = each
    const limit = wanted === undefined ? '' : `p50 ≤ ${wanted.p50}${wanted.p99 === undefined ? '' : `, p99 ≤ ${wanted.p99}`}`
    return [each.label, p50(each.samples), p99(each.samples), ...extra, limit]
  })
  return markdownTable([what, 'p50 ms', 'p99 ms', 'added p50', 'added p99', 'wanted'], rows)
}

function report(load: LoadWatch, streamed: Measured[], whole: Measured[]): void {
  const [, gateway, other] = whole
  const ratio =
    gateway === undefined || other === undefined
      ? 'Portkey’s gateway could not be installed here, so the peer is missing.'
      : `The gateway adds ${cell(added(gateway, whole).p50 / added(other, whole).p50)} times what Portkey’s adds (p50). Compared on answers that are not streamed: this version of Portkey’s, installed from npm, answers a streamed request with status 500.`
  const counts = [streamed, whole].map(([first]) => `${first?.samples.length} (${first?.left} not counted)`).join(' and ')
  const note = `n = ${counts} each, interleaved, one connection each. A batch of ${batchRounds} rounds does not count when others used more than ${foreignShareMax * 100} % of the cores meanwhile. Added: a percentile less the p50 of the model itself.`
  const body = [tableOf('first token, streamed', streamed), tableOf('whole answer, not streamed', whole), `${note} ${ratio}`]
  recordResults({ name: 'first-token', title: 'Time to the first token', load, body: body.join('\n\n') })
  const isMissed = streamed.some((each) => {
    const more = added(each, streamed)
    return each.wanted !== undefined && (more.p50 > each.wanted.p50 || more.p99 > (each.wanted.p99 ?? Number.POSITIVE_INFINITY))
  })
  if (isMissed) process.exitCode = 1
}
