import { setTimeout as sleep } from 'node:timers/promises'
import { startOpenAiServer } from '@weft/models/testing'
import { z } from 'zod'
import { startBenchGateways } from '../measuring/bench-gateways.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { markdownTable } from '../measuring/markdown-table.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/budget-race/main.ts [rounds]`: 200 requests at once over HTTP to the three gateways of a mesh, for a budget worth 20 of them; one gateway is killed
 * (SIGKILL) while its calls are under way, and started again by the mesh.
 */
const rounds = Number(process.argv[2] ?? 3)
const gateways = 3
const requests = 200
const worth = 20
/** Of the calls, so many are under way when a gateway is killed. */
const killAfter = 9
/** As the server bills each call: gpt-6-luna costs 0.1 and 0.5 USD a million tokens. */
const usage = { inputTokens: 20, outputTokens: 1_000 }
const costNano = usage.inputTokens * 100 + usage.outputTokens * 500
/** Longer than leases and journals take. */
const freeWithinMs = 60_000

const Budget = z.looseObject({ spentUsd: z.number(), reservedUsd: z.number() })

const load = watchLoad()
const server = await startOpenAiServer({
  models: ['gpt-6-luna'],
  reply: { kind: 'text', chunks: ['Hello'], delayMs: 2_000, ...usage },
})
const mesh = await startBenchGateways({ count: gateways, upstreamUrl: server.url })
try {
  const rows: string[][] = []
  for (let round = 1; round <= rounds; round += 1) rows.push(await race(round))
  report(rows)
} finally {
  await mesh.stop()
  await server.stop()
}

async function race(round: number): Promise<string[]> {
  const key = await makeTenant(`race-${round}`)
  const before = server.requests.length
  const answers = Array.from({ length: requests }, (_, n) => ask(mesh.urls[n % gateways] ?? '', key))
  while (server.requests.length - before < killAfter) await sleep(5)
  mesh.kill(round % gateways)
  const killedAtMs = performance.now()
  const statuses = await Promise.all(answers)
  await mesh.ready()
  let budget = await readBudget(key)
  while (budget.reservedUsd > 0 && performance.now() - killedAtMs < freeWithinMs) {
    await sleep(200)
    budget = await readBudget(key)
  }
  const freeAfterS = (performance.now() - killedAtMs) / 1_000
  const reached = server.requests.length - before
  const spentNano = Math.round(budget.spentUsd * 1e9)
  const over = Math.max(0, reached * costNano - worth * costNano, spentNano - worth * costNano)
  if (over > 0 || budget.reservedUsd > 0) process.exitCode = 1
  const count = (status: number) => statuses.filter((each) => each === status).length
  const figures = [
    round,
    reached,
    count(200),
    count(402),
    count(0),
    (spentNano / costNano).toFixed(2),
    over / 1e9,
    budget.reservedUsd,
  ]
  return [...figures.map(String), freeAfterS.toFixed(1)]
}

/** The status, or 0 where the gateway was killed. */
async function ask(url: string, key: string): Promise<number> {
  try {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'openai/gpt-6-luna',
        max_tokens: usage.outputTokens,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}

/** A tenant of its own for each round, whose budget has room for the worst case of so many calls and no more. */
async function makeTenant(tenant: string): Promise<string> {
  const { key } = z
    .looseObject({ key: z.string() })
    .parse(await send('POST /v1/keys', mesh.apiKey, { tenant, name: 'race', scopes: ['chat', 'admin'] }))
  await send('PUT /v1/budgets', key, { scope: 'tenant', limitUsd: (worth * costNano) / 1e9, period: 'total' })
  return key
}

async function readBudget(key: string): Promise<z.infer<typeof Budget>> {
  const { data } = z.looseObject({ data: z.array(Budget).min(1) }).parse(await send('GET /v1/budgets', key))
  return Budget.parse(data[0])
}

async function send(what: string, key: string, body?: object): Promise<unknown> {
  const [method = '', path = ''] = what.split(' ')
  const response = await fetch(`${mesh.urls[0]}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${what} answered ${response.status}: ${JSON.stringify(answer).slice(0, 300)}`)
  return answer
}

function report(rows: string[][]): void {
  const heads = [
    'round',
    'calls that reached the model',
    '200',
    '402',
    'cut by the kill',
    'spent, in calls',
    'overspent USD',
    'still held USD',
    'free after s',
  ]
  const note = `${requests} requests at once to ${gateways} gateways over HTTP, against a budget worth ${worth} of their calls; one gateway is killed by SIGKILL as ${killAfter} calls are under way, and started again by the mesh. Requests without room are refused (402). A call of the killed gateway counts with what it had sent and heard, as the ledger estimates it. Leases are 15 s; “free after” is from the kill.`
  recordResults({
    name: 'budget-race',
    title: 'A budget that many race for',
    load,
    body: `${markdownTable(heads, rows)}\n\n${note}`,
  })
}
