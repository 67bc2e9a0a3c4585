import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { startBenchMesh } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { startModelProcess } from '../measuring/model-process.ts'
import { addProcessorMs, readProcessorTime } from '../measuring/processor-time.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import { watchResidentBytes } from '../measuring/resident-bytes.ts'
import { type PacedTarget, readPacedStream, type StreamTimes } from './read-paced-stream.ts'

/**
 * `node bench/relayed-streams/main.ts [streams] [turns]`: what streams of a model cost more when they go through the gateway, many at once: the wait
 * for the first token, the way of each chunk, and the memory of the gateway.
 */
const streamCount = Number(process.argv[2] ?? 200)
const turns = Number(process.argv[3] ?? 3)
const chunksPerStream = 500
const chunksPerSecond = 50
/** Readers come independently of one another within this time, so that their chunks have no common beat; all streams are open for most of the time. */
const startWithinMs = 2_000
const processNames = [
  { name: 'relayed-streams', label: 'client' },
  { name: 'paced-model', label: 'model' },
  { name: 'gateway', label: 'gateway' },
]
const wanted = { addedMs: 5, kilobytesPerStream: 100 }

interface Contender {
  label: string
  target: PacedTarget
  firstMs: number[]
  lagsMs: number[]
  /** By process. */
  processorMs: Map<string, number>
  elapsedMs: number
}

const model = await startModelProcess('paced-model', [String(chunksPerSecond), String(chunksPerStream / chunksPerSecond)])
const mesh = await startBenchMesh({ openAi: { url: model.url, model: 'paced' } })
const direct = contender('the model itself', { url: model.url, model: 'paced', key: 'test-key' })
const weft = contender('through the gateway', { url: `${mesh.url}/v1`, model: 'openai/paced', key: mesh.apiKey })

try {
  const gateway = (await mesh.processes()).find(({ name }) => name === 'gateway')
  const processes = [process.pid, gateway?.pid ?? 0]
  const load = watchLoad()
  for (const each of [direct, weft]) await runStreams(each)
  const resident = watchResidentBytes(gateway?.pid)
  for (let turn = 0; turn < turns; turn += 1) {
    for (const each of turn % 2 === 0 ? [direct, weft] : [weft, direct]) {
      const before = readProcessorTime(processes)
      const startMs = performance.now()
      note(each, await runStreams(each))
      each.elapsedMs += performance.now() - startMs
      addProcessorMs(each.processorMs, before, readProcessorTime(processes))
    }
  }
  report(load, resident.grownBytes())
} finally {
  await Promise.all([direct, weft].map(({ target }) => target.dispatcher.destroy()))
  await mesh.stop()
  await model.stop()
}

function contender(label: string, { url, model: name, key }: { url: string; model: string; key: string }): Contender {
  const { origin, pathname } = new URL(`${url}/chat/completions`)
  const dispatcher = new Pool(origin, { connections: streamCount })
  const target = { dispatcher, path: pathname, headers: { authorization: `Bearer ${key}` }, model: name }
  return { label, target, firstMs: [], lagsMs: [], processorMs: new Map(), elapsedMs: 0 }
}

async function runStreams({ target }: Contender): Promise<StreamTimes[]> {
  return Promise.all(
    Array.from({ length: streamCount }, async () => {
      await sleep(Math.random() * startWithinMs)
      return readPacedStream(target, chunksPerStream)
    }),
  )
}

function note({ firstMs, lagsMs }: Contender, streams: StreamTimes[]): void {
  for (const stream of streams) {
    firstMs.push(stream.firstMs)
    for (const lagMs of stream.lagsMs) lagsMs.push(lagMs)
  }
}

function microsPerChunk({ processorMs, lagsMs }: Contender, name: string): number {
  return ((processorMs.get(name) ?? 0) * 1_000) / lagsMs.length
}

/** By client, model and gateway together. */
function coresInUse({ processorMs, elapsedMs }: Contender): number {
  return processNames.reduce((sum, { name }) => sum + (processorMs.get(name) ?? 0), 0) / elapsedMs
}

function report(load: ReturnType<typeof watchLoad>, grownBytes: number): void {
  const added = { first: p99(weft.firstMs) - p50(direct.firstMs), lag: p99(weft.lagsMs) - p50(direct.lagsMs) }
  const rows = [direct, weft].map(({ label, firstMs, lagsMs }) => [label, p50(firstMs), p99(firstMs), p50(lagsMs), p99(lagsMs)])
  const head = ['', 'first token p50 ms', 'p99 ms', 'a chunk’s way p50 ms', 'p99 ms']
  const table = markdownTable(head, [...rows, ['**added at p99**', '', cell(added.first), '', cell(added.lag)]])
  const processors = markdownTable(
    ['processor time a chunk, µs', ...processNames.map(({ label }) => label), 'cores in use'],
    [direct, weft].map((each) => [each.label, ...processNames.map(({ name }) => microsPerChunk(each, name)), coresInUse(each)]),
  )
  const kilobytes = grownBytes / 1_024 / streamCount
  const notes = [
    `${streamCount} streams at once of ${chunksPerStream} chunks, ${chunksPerSecond} a second each, begun at random within ${startWithinMs / 1_000} s; ${turns} turns of each, interleaved, after one that does not count.`,
    'A chunk’s way is from when the model writes it to when the reader has it. Added is the 99th percentile less the median of the model asked directly',
    `(wanted ≤ ${wanted.addedMs} ms each). Client, gateway and model share the machine.`,
    `The gateway’s resident memory grew by ${cell(grownBytes / 1_048_576)} MB at most while the streams ran: ${cell(kilobytes)} KB a stream (wanted ≤ ${wanted.kilobytesPerStream}).`,
  ]
  const body = [table, processors, notes.join(' ')].join('\n\n')
  recordResults({ name: 'relayed-streams', title: 'Streams through the gateway', load, body })
  const isMet = Math.max(added.first, added.lag) <= wanted.addedMs && kilobytes <= wanted.kilobytesPerStream
  if (!isMet) process.exitCode = 1
}
