import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { type BenchMesh, startBenchMesh } from '../measuring/bench-mesh.ts'
import { cpuTicks } from '../measuring/foreign-load.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'

/** `node bench/waiting-sessions/main.ts [sessions] [seconds]`: what sessions cost that wait for an approval and do nothing else. */
const sessions = Number(process.argv[2] ?? 10_000)
const seconds = Number(process.argv[3] ?? 60)
const atOnce = 32
/** Sessions stay in memory for 30 s for whoever comes back soon. */
const settleSeconds = 45
const cpuWantedPercent = 1
const kbWanted = 5
const ticksPerSecond = 100

const mesh = await startBenchMesh()
try {
  const load = watchLoad()
  await pauseSessions(2_000, 'warm')
  await sleep(settleSeconds * 1_000)
  const before = await watch()
  const startedAt = performance.now()
  await pauseSessions(sessions, 'wait')
  const pausedSeconds = (performance.now() - startedAt) / 1_000
  await sleep(settleSeconds * 1_000)
  const after = await watch()
  report({ load, before, after, pausedSeconds })
} finally {
  await mesh.stop()
}

/** Each is a turn of one step that a person has to approve. */
async function pauseSessions(count: number, prefix: string): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await pauseSession(mesh, `${prefix}-${next++}`)
    }),
  )
}

async function pauseSession({ url, apiKey }: Pick<BenchMesh, 'url' | 'apiKey'>, sessionId: string): Promise<void> {
  const step = { stepId: 'answer', agent: 'reasoning', capability: 'reason', approval: { reason: 'A person decides.' } }
  const plan = { planId: 'waiting', schemaVersion: 1, answerStepId: 'answer', steps: [step] }
  const response = await request(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}`, 'x-session-id': sessionId },
    body: JSON.stringify({ model: 'weft/auto', messages: [{ role: 'user', content: 'May this be done?' }], weft: { plan } }),
  })
  const answer = await response.body.text()
  if (!answer.includes('awaiting_approval')) throw new Error(`session ${sessionId} does not wait: ${answer.slice(0, 500)}`)
}

interface Cost {
  name: string
  rssKb: number
  cpuPercent: number
}

async function watch(): Promise<Cost[]> {
  const processes = await mesh.processes()
  const before = new Map(processes.map(({ name, pid }) => [name, cpuTicks(pid)]))
  await sleep(seconds * 1_000)
  return (await mesh.processes()).map(({ name, pid, rssMb }) => ({
    name,
    rssKb: rssMb * 1_000,
    cpuPercent: (100 * (cpuTicks(pid) - (before.get(name) ?? 0))) / ticksPerSecond / seconds,
  }))
}

interface Measured {
  load: ReturnType<typeof watchLoad>
  before: Cost[]
  after: Cost[]
  pausedSeconds: number
}

function report({ load, before, after, pausedSeconds }: Measured): void {
  const differences = after.map((now) => {
    const first = before.find(({ name }) => name === now.name)
    const kbEach = (now.rssKb - (first?.rssKb ?? 0)) / sessions
    return { name: now.name, first: first?.cpuPercent ?? 0, now: now.cpuPercent, kbEach }
  })
  const sum = (value: (each: (typeof differences)[number]) => number) =>
    differences.reduce((total, each) => total + value(each), 0)
  const totals = [sum((each) => each.first), sum((each) => each.now), sum((each) => each.kbEach)]
  const table = markdownTable(
    ['process', 'CPU % before', 'CPU % with them', 'KB more a session'],
    [
      ...differences.map(({ name, first, now, kbEach }) => [name, first, now, kbEach]),
      ['**all**', ...totals.map((total) => `**${cell(total)}**`)],
    ],
  )
  const [first = 0, now = 0] = totals
  const kbEach = differences.find(({ name }) => name === 'orchestrator')?.kbEach ?? 0
  const note = `${sessions} sessions waiting (paused at ${cell(sessions / pausedSeconds)} a second, ${atOnce} at once), each measured over ${seconds} s, ${settleSeconds} s after the last request. They cost ${cell(now - first)} % of a core (wanted: ≤ ${cpuWantedPercent}), and ${cell(kbEach)} KB each in the orchestrator (wanted: < ${kbWanted}).`
  recordResults({ name: 'waiting-sessions', title: 'Sessions that wait for an approval', load, body: `${table}\n\n${note}` })
  if (now - first > cpuWantedPercent || kbEach >= kbWanted) process.exitCode = 1
}
