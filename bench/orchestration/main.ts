import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import type { Contender, Shape } from './contender.ts'
import { startPeers } from './start-peers.ts'
import { startWeftContender } from './weft-contender.ts'

/** `node bench/orchestration/main.ts [chains] [rounds]`: what a durable step costs, beside other orchestrators calling the same agent. */
const chains = Number(process.argv[2] ?? 200)
const rounds = Number(process.argv[3] ?? 3)
const chainSteps = 10
const loadSessions = 200
const loadSteps = 5
const stepMs = 100
const fanOut = 50
const warmUps = 30
/** An engine runs for weeks: its rounds count once its code is compiled. What the first one of all did is told too. */
const loadWarmUps = 10
/** Dapr Workflow stalls above some 150 workflows in flight. */
const inFlightMax: Record<string, number> = { 'Dapr Workflow': 100 }

interface Measured {
  contender: Contender
  /** Milliseconds a step of the chain, one value a chain. */
  chain: number[]
  /** Steps a second of each round; those of `warmUp` do not count. */
  load: number[]
  warmUp: number[]
  /** The whole fan-out, and one step as long, in milliseconds. */
  fan: number[]
  one: number[]
  three: number[]
  failures: string[]
}

const load = watchLoad()
await using started = new AsyncDisposableStack()
const weft = started.adopt(await startWeftContender(), (contender) => contender.stop())
const synced = started.adopt(await startWeftContender({ isSynced: true }), (contender) => contender.stop())
const peers = started.adopt(await startPeers(weft.mesh, weft.agentUrl), (all) => all.stop())
/** Of Weft's chains, from the start of one step to the next. */
const inside: number[] = []
const measured: Measured[] = [weft, synced, ...peers.contenders].map((contender) => ({
  contender,
  chain: [],
  load: [],
  warmUp: [],
  fan: [],
  one: [],
  three: [],
  failures: [],
}))
await inTurns(warmUps, (each) => timed(each, { chain: chainSteps }))
await inTurns(loadWarmUps, async (each) => each.warmUp.push(await runTogether(each)))
await inTurns(chains, async (each) => {
  each.chain.push((await timed(each, { chain: chainSteps })) / chainSteps)
  if (each.contender === weft) inside.push(await weft.chainInside(chainSteps))
})
for (let round = 0; round < rounds; round += 1) {
  for (const each of rotated(round)) each.load.push(await runTogether(each))
}
await inTurns(5 * rounds, async (each) => {
  each.one.push(await timed(each, { chain: 1, delayMs: stepMs }))
  each.fan.push(await timed(each, { fanOut, delayMs: stepMs }))
  each.three.push(await timed(each, { fanOut: 3, delayMs: stepMs }))
})
report()

/** Every contender once a round, in an order that changes, so that all see the same machine. */
async function inTurns(count: number, act: (each: Measured) => Promise<unknown>): Promise<void> {
  for (let round = 0; round < count; round += 1) {
    for (const each of rotated(round)) await act(each)
  }
}

function rotated(round: number): Measured[] {
  const start = round % measured.length
  return [...measured.slice(start), ...measured.slice(0, start)]
}

async function timed({ contender, failures }: Measured, shape: Shape): Promise<number> {
  const startedAt = performance.now()
  await contender.run(shape).catch((cause: unknown) => failures.push(String(cause).slice(0, 200)))
  return performance.now() - startedAt
}

/** Many sessions at once; answers steps a second. */
async function runTogether({ contender, failures }: Measured): Promise<number> {
  const [, limit = loadSessions] = Object.entries(inFlightMax).find(([name]) => contender.name.startsWith(name)) ?? []
  let left = loadSessions
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: limit }, async () => {
      while (left-- > 0) {
        await contender.run({ chain: loadSteps }).catch((cause: unknown) => failures.push(String(cause).slice(0, 200)))
      }
    }),
  )
  return (loadSessions * loadSteps) / ((performance.now() - startedAt) / 1_000)
}

function report(): void {
  const [own] = measured
  if (own === undefined) return
  const rows = measured.map((each) => [
    each.contender.name,
    each.contender.step,
    p50(each.chain),
    p99(each.chain),
    p50(each.load),
    `${cell(p50(own.load) / p50(each.load))}×`,
    each.warmUp[0] ?? Number.NaN,
    p50(each.fan) / p50(each.one),
    p50(each.three) / p50(each.one),
    each.failures.length,
  ])
  const head = [
    'engine',
    'a step is',
    'chain, ms a step p50',
    'p99',
    'load, steps/s',
    'Weft is',
    'first round',
    `fan-out of ${fanOut}`,
    '3 at once',
    'failed',
  ]
  const note = [
    `Chain: ${chainSteps} steps one after the other, from the request to its answer, n = ${chains}. Load: ${loadSessions} sessions of ${loadSteps} steps at once, median of ${rounds} rounds after ${loadWarmUps} (Dapr Workflow 100 at once: with more it stalls). Fan-out: one step, ${fanOut} of ${stepMs} ms, one step, over one of ${stepMs} ms; three at once alike; n = ${5 * rounds}.`,
    `"appendfsync always": the same with a Redis that syncs every write to the disk (WEFT_REDIS_APPENDFSYNC). All stand idle beside the one that is measured.`,
    `Within Weft's sessions, from the start of one step to the start of the next: p50 ${cell(p50(inside))}, p99 ${cell(p99(inside))} ms.`,
    'Wanted of Weft: chain p50 ≤ 2.5, p99 ≤ 10 ms a step and ahead of all but Restate; ≥ 1,000 steps/s, ahead of DBOS and LangGraph, ≥ 0.8 × Restate; fan-out ≤ 1.25; three at once ≤ 1.05.',
    ...peers.missing.map((why) => `Not measured: ${why}.`),
    ...measured.flatMap(({ contender, failures }) =>
      failures[0] === undefined ? [] : [`${contender.name} failed: ${failures[0]}`],
    ),
  ]
  recordResults({
    name: 'orchestration',
    title: 'Durable steps, beside other orchestrators',
    load,
    body: `${markdownTable(head, rows)}\n\n${note.join('\n\n')}`,
  })
  const isChainShort = p50(own.chain) > 2.5 || p99(own.chain) > 10
  const isWideShort = p50(own.fan) > 1.25 * p50(own.one) || p50(own.three) > 1.05 * p50(own.one)
  if (isChainShort || isWideShort || p50(own.load) < 1_000) process.exitCode = 1
}
