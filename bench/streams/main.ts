import { Pool } from 'undici'
import { type MeshProcess, startBenchMesh, totalMb } from '../measuring/bench-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { startModelProcess } from '../measuring/model-process.ts'
import { largest, p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import { streamChat } from '../measuring/stream-chat.ts'
import { watchEventLoops } from './watch-event-loops.ts'

/** `node bench/streams/main.ts [streams] [seconds]`: many answers at once, each of 100 tokens a second, through `weft/auto`. */
const streamCount = Number(process.argv[2] ?? 50)
const seconds = Number(process.argv[3] ?? 20)
const tokensPerSecond = 100
/** A reader notices a pause of about this length. */
const lagWantedMs = 500
const eventLoopWantedMs = 50

/** What one reader saw. Tokens are the times they were sent at, on the clock of this machine. */
interface Reading {
  tokens: number
  lagsMs: number[]
  /** Between two arrivals of text. */
  pausesMs: number[]
}

const model = await startModelProcess('paced-model', [String(tokensPerSecond), String(seconds)])
const mesh = await startBenchMesh({ openAi: { url: model.url, model: 'paced' } })
const pool = new Pool(mesh.url, { connections: streamCount })
try {
  await read()
  const before = await mesh.processes()
  const load = watchLoad()
  const loops = watchEventLoops(before)
  const readings = await Promise.all(Array.from({ length: streamCount }, () => read()))
  const after = await mesh.processes()
  report({ load, readings, delaysMs: await loops.stop(), before, after })
} finally {
  await pool.close()
  await mesh.stop()
  await model.stop()
}

async function read(): Promise<Reading> {
  const reading: Reading = { tokens: 0, lagsMs: [], pausesMs: [] }
  const headers = { authorization: `Bearer ${mesh.apiKey}` }
  let pending = ''
  let lastMs: number | undefined
  await streamChat({ dispatcher: pool, path: '/v1/chat/completions', headers, model: 'weft/auto' }, (text, afterMs) => {
    if (text === '') return
    const nowMs = performance.timeOrigin + performance.now()
    const words = (pending + text).split(' ')
    pending = words.pop() ?? ''
    reading.tokens += words.length
    for (const sentAtMs of words) reading.lagsMs.push(nowMs - Number(sentAtMs))
    if (lastMs !== undefined) reading.pausesMs.push(afterMs - lastMs)
    lastMs = afterMs
  })
  return reading
}

interface Findings {
  load: ReturnType<typeof watchLoad>
  readings: Reading[]
  /** Largest event-loop delay (p99 of 15 s) each process told of. */
  delaysMs: Map<string, number>
  before: MeshProcess[]
  after: MeshProcess[]
}

function report({ load, readings, delaysMs, before, after }: Findings): void {
  const expected = tokensPerSecond * seconds
  const whole = readings.filter(({ tokens }) => tokens === expected).length
  const lags = readings.flatMap(({ lagsMs }) => lagsMs)
  const lastLags = readings.map(({ lagsMs }) => lagsMs.at(-1) ?? Number.POSITIVE_INFINITY)
  const pauses = readings.flatMap(({ pausesMs }) => pausesMs)
  const gatewayMs = delaysMs.get('gateway') ?? Number.POSITIVE_INFINITY
  const grownMb = totalMb(after) - totalMb(before)
  const table = markdownTable(
    ['', 'p50', 'p99', 'largest', 'wanted'],
    [
      ['a token’s way from the model to the reader, ms', p50(lags), p99(lags), largest(lags), ''],
      [
        'the last token of each stream, ms',
        p50(lastLags),
        p99(lastLags),
        largest(lastLags),
        `≤ ${lagWantedMs}: none falls behind`,
      ],
      ['between two arrivals of text, ms', p50(pauses), p99(pauses), largest(pauses), ''],
      ['gateway’s event loop delay, ms', '', gatewayMs, '', `p99 < ${eventLoopWantedMs}`],
    ],
  )
  const others = [...delaysMs].filter(([name]) => name !== 'gateway').map(([name, ms]) => `${name} ${cell(ms)}`)
  const growth = memoryGrowth(before, after)
  const notes = [
    `${streamCount} streams at once, ${tokensPerSecond} tokens a second each, for ${seconds} s; ${whole} of ${streamCount} whole (${expected} tokens).`,
    `Other event loops, p99 in ms: ${others.join(', ')}.`,
    `Memory ${cell(totalMb(before))} MB before, ${cell(totalMb(after))} MB at the end (${grownMb < 0 ? '' : '+'}${cell(grownMb)}): ${growth}.`,
  ]
  recordResults({ name: 'streams', title: 'Many streams at once', load, body: `${table}\n\n${notes.join(' ')}` })
  if (whole < streamCount || largest(lastLags) > lagWantedMs || gatewayMs >= eventLoopWantedMs) process.exitCode = 1
}

function memoryGrowth(before: MeshProcess[], after: MeshProcess[]): string {
  const earlier = new Map(before.map(({ name, rssMb }) => [name, rssMb]))
  return after
    .map(({ name, rssMb }) => ({ name, grownMb: rssMb - (earlier.get(name) ?? 0) }))
    .filter(({ grownMb }) => grownMb >= 5)
    .sort((a, b) => b.grownMb - a.grownMb)
    .map(({ name, grownMb }) => `${name} +${cell(grownMb)}`)
    .join(', ')
}
