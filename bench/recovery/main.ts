import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from 'undici'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import { startWeftContender, type WeftContender } from '../orchestration/weft-contender.ts'

/**
 * `node bench/recovery/main.ts [kills] [decisions]`: how long until steps run again after their orchestrator and its sidecar were killed, and
 * from a decision to the step it lets run.
 */
const kills = Number(process.argv[2] ?? 20)
const decisions = Number(process.argv[3] ?? 200)
const sessionsInFlight = 10
const stepMs = 4_000
/** Between kills: a supervisor starts what failed a moment ago later than what fails for the first time. */
const betweenKillsMs = 12_000

const folder = await mkdtemp(join(tmpdir(), 'weft-bench-'))
const arrivals = join(folder, 'arrivals.txt')

const load = watchLoad()
const weft = await startWeftContender({ arrivals })
const { mesh } = weft
const again: number[] = []
const decided: number[] = []
try {
  for (let round = 0; round < 20; round += 1) await decideOnce(weft)
  for (let round = 0; round < decisions; round += 1) decided.push(await decideOnce(weft))
  for (let round = 0; round < kills; round += 1) again.push(...(await killOnce()))
  report()
} finally {
  await weft.stop()
  await rm(folder, { recursive: true })
}

/** From sending the decision to the call of the step's agent, by one machine's clock. */
async function decideOnce({ ask }: WeftContender): Promise<number> {
  const sessionId = await ask({ chain: 1, isAsked: true })
  const sentAtMs = performance.timeOrigin + performance.now()
  await call(`/approvals/${sessionId}/approve`, {})
  const start = (await startsOf(sessionId)).at(-1)
  return (start ?? Number.NaN) - sentAtMs
}

/** Sessions are at work; then their orchestrator and its sidecar are killed, and each step starts again. */
async function killOnce(): Promise<number[]> {
  const sessions = await Promise.all(
    Array.from({ length: sessionsInFlight }, () => weft.ask({ chain: 1, delayMs: stepMs, isBackground: true })),
  )
  await sleep(500)
  const victims = (await mesh.processes()).filter(({ name }) => name === 'orchestrator' || name === 'orchestrator-daprd')
  const killedAtMs = Date.now()
  for (const { pid } of victims) if (pid !== undefined) process.kill(pid, 'SIGKILL')
  const restarts = await Promise.all(sessions.map(async (sessionId) => firstAfter(await startsOf(sessionId), killedAtMs)))
  await sleep(Math.max(0, killedAtMs + betweenKillsMs - Date.now()))
  return restarts
}

function firstAfter(starts: number[], killedAtMs: number): number {
  const next = starts.find((startMs) => startMs >= killedAtMs)
  if (next === undefined) throw new Error('a step was not started again')
  return next - killedAtMs
}

/** When the agent was called for a session, in epoch milliseconds; waits for the session's end. */
async function startsOf(sessionId: string): Promise<number[]> {
  await callUntilAnswered(`/v1/sessions/${sessionId}/events`)
  const calls = (await readFile(arrivals, 'utf8')).split('\n').map((line) => line.split(' '))
  return calls.filter(([called]) => called === sessionId).map(([, atMs]) => Number(atMs))
}

async function callUntilAnswered(path: string): Promise<string> {
  for (let attempt = 1; ; attempt += 1, await sleep(200)) {
    try {
      return await call(path)
    } catch (cause) {
      if (attempt === 100) throw cause
    }
  }
}

async function call(path: string, body?: unknown): Promise<string> {
  const headers = { authorization: `Bearer ${mesh.apiKey}`, 'content-type': 'application/json' }
  const response = await request(`${mesh.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.body.text()
  if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}: ${text.slice(0, 300)}`)
  return text
}

function report(): void {
  const rows = [
    ['killed orchestrator and sidecar → the agent is called again', again.length, p50(again), p99(again), '≤ 1,500', '≤ 3,000'],
    ['decision sent → the agent of the step it lets run is called', decided.length, p50(decided), p99(decided), '≤ 15', ''],
  ]
  const table = markdownTable(['from → to', 'n', 'p50 ms', 'p99 ms', 'wanted p50', 'wanted p99'], rows)
  const note = `${kills} kills of the only orchestrator and its sidecar at least ${cell(betweenKillsMs / 1_000)} s apart, with ${sessionsInFlight} sessions in flight each (${cell(stepMs / 1_000)} s steps); ${decisions} decisions one after the other over the API.`
  recordResults({ name: 'recovery', title: 'Back to work: after a kill, after a decision', load, body: `${table}\n\n${note}` })
  if (p50(again) > 1_500 || p99(again) > 3_000 || p50(decided) > 15) process.exitCode = 1
}
