import { Agent, request } from 'undici'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { p50, p99 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'
import { startWeftContender } from '../orchestration/weft-contender.ts'

/**
 * `node bench/session-age/main.ts [rounds]`: what one turn of a session's actor takes, from request to answer over the API, for sessions of different
 * age. The turn is a comment on a pending approval: it is read, decided, committed to the store and answered, and nothing else follows from it.
 */
const rounds = Number(process.argv[2] ?? 10)
const stepsPerTurn = 200
/** An approval takes a hundred comments. */
const commentsPerSession = 90
const turnMsMax = 15

const kinds = [
  { name: 'a new session, a plan of 1 step', ended: 0, steps: 1 },
  { name: 'a new session, a plan of 200 steps', ended: 0, steps: 200 },
  { name: 'a session that has run 1,000 steps in 5 turns, a plan of 1 step', ended: 5, steps: 1 },
]

const load = watchLoad()
const weft = await startWeftContender()
const connections = new Agent({ connections: 4 })
const took = kinds.map((): number[] => [])
try {
  await round(() => undefined)
  for (let count = 0; count < rounds; count += 1) await round((kind, ms) => took[kind]?.push(ms))
  report()
} finally {
  await connections.close()
  await weft.stop()
}

/** One session of each kind, their comments one after the other in turn. */
async function round(note: (kind: number, ms: number) => void): Promise<void> {
  const sessions = []
  for (const { ended, steps } of kinds) {
    const sessionId = crypto.randomUUID()
    for (let turn = 0; turn < ended; turn += 1) await weft.ask({ chain: stepsPerTurn, sessionId })
    await weft.ask({ chain: steps, isAsked: true, sessionId })
    sessions.push(sessionId)
  }
  for (let count = 0; count < commentsPerSession; count += 1) {
    for (const [kind, sessionId] of sessions.entries()) note(kind, await comment(sessionId))
  }
  for (const sessionId of sessions) await post(`/v1/sessions/${sessionId}/cancel`, {})
}

async function comment(sessionId: string): Promise<number> {
  const startMs = performance.now()
  await post(`/approvals/appr_${sessionId}.1/comment`, { text: 'Seen.' })
  return performance.now() - startMs
}

async function post(path: string, body: object): Promise<void> {
  const response = await request(`${weft.mesh.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${weft.mesh.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    dispatcher: connections,
  })
  const text = await response.body.text()
  if (response.statusCode !== 200) throw new Error(`${path} answered ${response.statusCode}: ${text.slice(0, 300)}`)
}

function report(): void {
  const first = p50(took[0] ?? [])
  const rows = kinds.map(({ name }, kind) => {
    const own = took[kind] ?? []
    return [name, own.length, p50(own), p99(own), `${cell(p50(own) / first)}×`]
  })
  const table = markdownTable(['session', 'n', 'p50 ms', 'p99 ms', 'p50 beside the first'], rows)
  const note = `The way through the gateway and two sidecars is part of it. Wanted of the turn: p99 ≤ ${turnMsMax} ms, whatever the age.`
  recordResults({ name: 'session-age', title: 'A turn of a session, young and old', load, body: `${table}\n\n${note}` })
  if (took.some((own) => p99(own) > turnMsMax)) process.exitCode = 1
}
