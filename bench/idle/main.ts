import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type MeshProcess, startBenchMesh, totalMb } from '../measuring/bench-mesh.ts'
import { cpuTicks } from '../measuring/foreign-load.ts'
import { type LoadWatch, watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { startModelProcess } from '../measuring/model-process.ts'
import { recordResults } from '../measuring/record-results.ts'
import { askOnce } from './ask-once.ts'

/** `node bench/idle/main.ts [seconds]`: memory and processor time of the whole mesh while nobody asks anything. */
const seconds = Number(process.argv[2] ?? 60)
const questions = 50
const memoryWantedMb = 1_300
const cpuWantedPercent = 10
/** Clock ticks a second in /proc: the same on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Memory and processor time of one process over a stretch of idleness. */
interface Idle {
  name: string
  rssMb: number
  /** Its share of memory that several processes map, such as one program's code, counted once. */
  pssMb: number
  cpuPercent: number
}

const model = await startModelProcess('instant-model')
const mesh = await startBenchMesh({ openAi: { url: model.url, model: 'test-model' } })
try {
  const load = watchLoad()
  await sleep(seconds * 1_000)
  const fresh = await watchIdle(seconds)
  for (let question = 0; question < questions; question += 1) await askOnce(mesh)
  await sleep(seconds * 1_000)
  report(load, fresh, await watchIdle(seconds))
} finally {
  await mesh.stop()
  await model.stop()
}

async function watchIdle(forSeconds: number): Promise<Idle[]> {
  const processes = (await mesh.processes()).filter(({ pid }) => pid !== undefined)
  const before = new Map(processes.map(({ name, pid }) => [name, cpuTicks(pid)]))
  await sleep(forSeconds * 1_000)
  const usedTicks = new Map(processes.map(({ name, pid }) => [name, cpuTicks(pid) - (before.get(name) ?? 0)]))
  return (await mesh.processes()).map(({ name, pid, rssMb }: MeshProcess) => ({
    name,
    rssMb,
    pssMb: sharedOutMb(pid),
    cpuPercent: (100 * (usedTicks.get(name) ?? 0)) / ticksPerSecond / forSeconds,
  }))
}

function sharedOutMb(pid: number | undefined): number {
  const hasRollup = readdirSync(`/proc/${pid}`).includes('smaps_rollup')
  const text = hasRollup ? readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8') : ''
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1_024
}

function report(load: LoadWatch, fresh: Idle[], used: Idle[]): void {
  const rows = used.map((now) => {
    const first = fresh.find(({ name }) => name === now.name)
    return [now.name, first?.rssMb ?? 0, first?.cpuPercent ?? 0, now.rssMb, now.pssMb, now.cpuPercent]
  })
  const sum = (idle: Idle[], value: (each: Idle) => number) => idle.reduce((total, each) => total + value(each), 0)
  const cpu = (each: Idle) => each.cpuPercent
  const totals = [totalMb(fresh), sum(fresh, cpu), totalMb(used), sum(used, (each) => each.pssMb), sum(used, cpu)]
  const wanted = [
    '**wanted**',
    `≤ ${memoryWantedMb}`,
    `≤ ${cpuWantedPercent}`,
    `≤ ${memoryWantedMb}`,
    '',
    `≤ ${cpuWantedPercent}`,
  ]
  const table = markdownTable(
    ['process', 'resident MB', 'CPU %', `resident MB after ${questions} answers`, 'of it its own share', 'CPU %'],
    [...rows, ['**all**', ...totals.map((total) => `**${cell(total)}**`)], wanted],
  )
  const note = `Each measured over ${seconds} s, after ${seconds} s without a request: first since the start, then after ${questions} answers of \`weft/auto\`. CPU in percent of one core. “Its own share” counts memory that several processes map, such as the code of the sidecars, once.`
  recordResults({ name: 'idle', title: 'An idle mesh', load, body: `${table}\n\n${note}` })
  const [freshMb = 0, freshCpu = 0, usedMb = 0, , usedCpu = 0] = totals
  if (Math.max(freshMb, usedMb) > memoryWantedMb || Math.max(freshCpu, usedCpu) > cpuWantedPercent) process.exitCode = 1
}
