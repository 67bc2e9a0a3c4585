import { Pool } from 'undici'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { startLitellm } from '../measuring/litellm.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { startModelProcess } from '../measuring/model-process.ts'
import type { Peer } from '../measuring/peer-process.ts'
import { startPortkey } from '../measuring/portkey.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import { type ChatTarget, timeWholeAnswer } from '../measuring/stream-chat.ts'

/**
 * `node bench/pass-through/main.ts [rounds] [seconds]`: what a request to a model costs more when it goes through the gateway, with its ledger and
 * budgets: the time one connection waits, and the requests a second of 32, of those just started and of those that have served a while.
 */
const rounds = Number(process.argv[2] ?? 600)
const seconds = Number(process.argv[3] ?? 4)
const warmUpRounds = 150
const turns = 3
const busyConnections = 32
const candidates = [
  { start: startPortkey, wanted: { name: 'Portkey’s gateway', addedShare: 0.7, rate: 2 } },
  { start: startLitellm, wanted: { name: 'LiteLLM’s proxy', addedShare: 0.1 } },
]

/** What Weft may add of what a peer adds, and how many of its requests a second it should serve. */
interface Wanted {
  name: string
  addedShare: number
  rate?: number
}

interface Contender {
  label: string
  /** Of a peer. */
  wanted?: Wanted | undefined
  single: ChatTarget
  many: ChatTarget
  /** Of the first requests after the start, while its code is still being compiled. */
  first: number[]
  /** After the load. */
  samples: number[]
  /** Of the first turns of load, while code is still being compiled. */
  firstRates: number[]
  rates: number[]
  busy: number[]
}

const model = await startModelProcess('instant-model')
const mesh = await startBenchMesh({ openAi: { url: model.url, model: 'test-model' } })
const peers = await startPeers()
const contenders = [
  contender('the model itself', { url: model.url, model: 'test-model', authorization: 'Bearer test-key' }),
  contender('Weft’s gateway, ledger and budgets on', {
    url: `${mesh.url}/v1`,
    model: 'openai/test-model',
    authorization: `Bearer ${mesh.apiKey}`,
  }),
  ...peers.map(({ peer, wanted }) => {
    const place = { ...peer, model: 'test-model', authorization: 'Bearer test-key', wanted }
    return contender(`${wanted.name} ${peer.version}, no ledger`, place)
  }),
]

try {
  const load = watchLoad()
  for (let round = 0; round < warmUpRounds; round += 1) await runRound(() => undefined)
  for (let round = 0; round < rounds; round += 1) await runRound((each, ms) => each.first.push(ms))
  for (let turn = 0; turn < turns; turn += 1) for (const each of inAnyOrder()) each.firstRates.push(await measureRate(each))
  for (const each of contenders) each.busy = []
  for (let turn = 0; turn < turns; turn += 1) for (const each of inAnyOrder()) each.rates.push(await measureRate(each))
  for (let round = 0; round < rounds; round += 1) await runRound((each, ms) => each.samples.push(ms))
  report(load)
} finally {
  for (const { single, many } of contenders) await Promise.all([single.dispatcher.destroy(), many.dispatcher.destroy()])
  await Promise.all([...peers.map(({ peer }) => peer.stop()), mesh.stop()])
  await model.stop()
}

/** Those that can be had here. */
async function startPeers() {
  const started: { peer: Peer; wanted: Wanted }[] = []
  for (const { start, wanted } of candidates) {
    const peer = await start(model.url)
    if (peer === undefined) console.warn(`SKIPPED: ${wanted.name} could not be installed or started here: the peer is missing`)
    else started.push({ peer, wanted })
  }
  return started
}

interface Place {
  url: string
  model: string
  authorization: string
  headers?: Record<string, string>
  wanted?: Wanted
}

function contender(label: string, { url, model: name, authorization, headers, wanted }: Place): Contender {
  const { origin, pathname } = new URL(`${url}/chat/completions`)
  const target = (connections: number): ChatTarget => ({
    dispatcher: new Pool(origin, { connections }),
    path: pathname,
    headers: { authorization, ...headers },
    model: name,
  })
  return {
    label,
    wanted,
    single: target(1),
    many: target(busyConnections),
    first: [],
    samples: [],
    firstRates: [],
    rates: [],
    busy: [],
  }
}

function inAnyOrder(): Contender[] {
  return contenders
    .map((each) => ({ each, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ each }) => each)
}

async function runRound(note: (each: Contender, ms: number) => void): Promise<void> {
  for (const each of inAnyOrder()) note(each, await timeWholeAnswer(each.single))
}

/** Answers how many requests a second were served. */
async function measureRate(each: Contender): Promise<number> {
  const startMs = performance.now()
  const untilMs = startMs + seconds * 1_000
  let done = 0
  await Promise.all(
    Array.from({ length: busyConnections }, async () => {
      while (performance.now() < untilMs) {
        each.busy.push(await timeWholeAnswer(each.many))
        done += 1
      }
    }),
  )
  return (done * 1_000) / (performance.now() - startMs)
}

function report(load: ReturnType<typeof watchLoad>): void {
  const rows = contenders.map((each, index) => [
    each.label,
    ...(['first', 'samples'] as const).flatMap((when) => [
      p50(each[when]),
      p99(each[when]),
      index === 0 ? '' : cell(added(each, when)),
    ]),
    p50(each.firstRates),
    p50(each.rates),
    p50(each.busy),
    p99(each.busy),
  ])
  const head = ['', 'first requests p50 ms', 'p99 ms', 'added p50 ms', 'later p50 ms', 'p99 ms', 'added p50 ms']
  const table = markdownTable([...head, `first req/s at ${busyConnections}`, 'later req/s', 'p50 ms', 'p99 ms'], rows)
  const note = [
    `n = ${rounds} requests each on one connection, interleaved, after ${warmUpRounds} that do not count; then ${turns} times ${seconds} s of ${busyConnections} connections each, and as many again, the medians shown;`,
    `then ${rounds} each on one connection again, by when all have served ${warmUpRounds + rounds} requests and their load. What is later tells of a gateway that runs for days.`,
    'Whole answers; one process each; client, gateways and model share the machine.',
  ].join(' ')
  const verdicts = contenders.map(compare)
  const body = [table, [note, ...verdicts.map(({ text }) => text)].filter((text) => text !== '').join(' ')].join('\n\n')
  recordResults({ name: 'pass-through', title: 'Through the gateway to a model', load, body })
  if (peers.length < 2 || verdicts.some(({ isMet }) => !isMet)) process.exitCode = 1
}

function added(each: Contender, when: 'first' | 'samples'): number {
  return p50(each[when]) - p50(contenders[0]?.[when] ?? [])
}

/** Weft with a peer. */
function compare(peer: Contender): { text: string; isMet: boolean } {
  const weft = contenders[1]
  const { wanted } = peer
  if (weft === undefined || wanted === undefined) return { text: '', isMet: true }
  const { name, addedShare, rate: leastRate = 0 } = wanted
  const share = added(weft, 'samples') / added(peer, 'samples')
  const firstShare = added(weft, 'first') / added(peer, 'first')
  const rate = p50(weft.rates) / p50(peer.rates)
  const firstRate = p50(weft.firstRates) / p50(peer.firstRates)
  const leastText = leastRate === 0 ? '' : ` (wanted ≥ ${leastRate}; just started ${cell(firstRate)})`
  const text = `Weft adds ${cell(share)} times what ${name} adds (wanted ≤ ${addedShare}; of the first requests ${cell(firstShare)}) and serves ${cell(rate)} times its requests a second${leastText}.`
  return { text, isMet: share <= addedShare && rate >= leastRate }
}
