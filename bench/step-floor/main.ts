import { setTimeout as sleep } from 'node:timers/promises'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { addProcessorMs, readProcessorTime } from '../measuring/processor-time.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import type { Contender, Shape } from '../orchestration/contender.ts'
import { startWeftContender } from '../orchestration/weft-contender.ts'
import { startFloorContender } from './floor-contender.ts'

/**
 * `node bench/step-floor/main.ts [chains] [rounds]`: how much of a durable step's price is Weft's own, and how much is that of the calls any engine on
 * Dapr has to make: the agent through two sidecars, and a state transaction.
 */
const chains = Number(process.argv[2] ?? 200)
const rounds = Number(process.argv[3] ?? 3)
const chainSteps = 10
const loadSessions = 200
const loadSteps = 5
const warmUps = 30
const loadWarmUps = 10
const stepMs = 100
const fanOut = 50
/** What a round leaves to be done once it is answered: the log, and what the store is told of it. */
const settleMs = 1_000

const load = watchLoad()
await using started = new AsyncDisposableStack()
const weft = started.adopt(await startWeftContender(), (contender) => contender.stop())
const floor = started.adopt(await startFloorContender(weft.mesh), (contender) => contender.stop())
const contenders: Contender[] = [weft, floor]
const chainMs = new Map(contenders.map((contender) => [contender, [] as number[]]))
const stepsPerSecond = new Map(contenders.map((contender) => [contender, [] as number[]]))
/** The whole of a fan-out, and one step as long as each of its steps. */
const fanMs = new Map(contenders.map((contender) => [contender, [] as number[]]))
const oneMs = new Map(contenders.map((contender) => [contender, [] as number[]]))
const inside: number[] = []
/** Milliseconds of each process, of all rounds. */
const processorMs = new Map(contenders.map((contender) => [contender, new Map<string, number>()]))
const processes = [process.pid, ...(await weft.mesh.processes()).flatMap(({ pid }) => pid ?? [])]

for (let round = 0; round < warmUps; round += 1) for (const contender of contenders) await contender.run({ chain: chainSteps })
for (let round = 0; round < loadWarmUps; round += 1) for (const contender of inOrder(round)) await runTogether(contender)
for (let round = 0; round < chains; round += 1) {
  for (const contender of inOrder(round))
    chainMs.get(contender)?.push((await timed(contender, { chain: chainSteps })) / chainSteps)
  inside.push(await weft.chainInside(chainSteps))
}
for (let round = 0; round < 5 * rounds; round += 1) {
  for (const contender of inOrder(round)) {
    oneMs.get(contender)?.push(await timed(contender, { chain: 1, delayMs: stepMs }))
    fanMs.get(contender)?.push(await timed(contender, { fanOut, delayMs: stepMs }))
  }
}
for (let round = 0; round < rounds; round += 1) {
  for (const contender of inOrder(round)) {
    const before = readProcessorTime(processes)
    stepsPerSecond.get(contender)?.push(await runTogether(contender))
    await sleep(settleMs)
    addProcessorMs(processorMs.get(contender) ?? new Map(), before, readProcessorTime(processes))
  }
}
report()

function inOrder(round: number): Contender[] {
  return round % 2 === 0 ? contenders : contenders.toReversed()
}

async function timed(contender: Contender, shape: Shape): Promise<number> {
  const startedAt = performance.now()
  await contender.run(shape)
  return performance.now() - startedAt
}

async function runTogether(contender: Contender): Promise<number> {
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: loadSessions }, () => contender.run({ chain: loadSteps })))
  return (loadSessions * loadSteps) / ((performance.now() - startedAt) / 1_000)
}

function report(): void {
  const chainOf = (contender: Contender) => chainMs.get(contender) ?? []
  const loadOf = (contender: Contender) => stepsPerSecond.get(contender) ?? []
  const fanOf = (contender: Contender) => p50(fanMs.get(contender) ?? [])
  const oneOf = (contender: Contender) => p50(oneMs.get(contender) ?? [])
  const rows = contenders.map((contender) => [
    contender.name,
    contender.step,
    p50(chainOf(contender)),
    p99(chainOf(contender)),
    p50(loadOf(contender)),
    fanOf(contender),
    oneOf(contender),
    fanOf(contender) / oneOf(contender),
  ])
  const head = [
    '',
    'a step is',
    'chain, ms a step p50',
    'p99',
    'load, steps/s',
    `fan-out of ${fanOut}, ms`,
    'one step, ms',
    'ratio',
  ]
  const notes = [
    `Chain: ${chainSteps} steps one after the other, n = ${chains}, in turn. Load: ${loadSessions} times ${loadSteps} steps at once, median of ${rounds} rounds after ${loadWarmUps}. Fan-out: one empty step, ${fanOut} of ${stepMs} ms, one empty step, beside one step of ${stepMs} ms; n = ${5 * rounds}.`,
    `Weft beside Dapr alone: a chain takes ${cell(p50(chainOf(weft)) / p50(chainOf(floor)))}× as long with its request and answer, ${cell(p50(inside) / p50(chainOf(floor)))}× between its steps (${cell(p50(inside))} ms); under load it runs ${cell(p50(loadOf(weft)) / p50(loadOf(floor)))}× the steps.`,
  ]
  recordResults({
    name: 'step-floor',
    title: 'A durable step, and what Dapr alone asks for it',
    load,
    body: `${markdownTable(head, rows)}\n\n${notes.join('\n\n')}\n\n${processorTable()}`,
  })
}

/** What the steps of the rounds cost, by process; those that cost less than a hundredth of a millisecond are left out. */
function processorTable(): string {
  const steps = rounds * loadSessions * loadSteps
  const msOf = (contender: Contender, name: string) => (processorMs.get(contender)?.get(name) ?? 0) / steps
  const names = [...(processorMs.get(weft)?.keys() ?? [])]
    .filter((name) => contenders.some((contender) => msOf(contender, name) >= 0.01))
    .toSorted((first, second) => msOf(weft, second) - msOf(weft, first))
  const totals = contenders.map((contender) => names.reduce((sum, name) => sum + msOf(contender, name), 0))
  const table = [['all', ...totals], ...names.map((name) => [name, ...contenders.map((contender) => msOf(contender, name))])]
  return `Processor time under load, ms a step:\n\n${markdownTable(['', ...contenders.map(({ name }) => name)], table)}`
}
