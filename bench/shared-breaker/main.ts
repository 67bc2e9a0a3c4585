import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, readStatus, runWeft, testApiKey } from '@weft/tests/mesh/running-mesh.ts'
import { watchLoad } from '../measuring/machine-load.ts'
import { cell, markdownTable } from '../measuring/markdown-table.ts'
import { p50 } from '../measuring/quantiles.ts'
import { recordResults } from '../measuring/record-results.ts'

/**
 * `node bench/shared-breaker/main.ts [rounds]`: three gateways of one mesh. A model fails five times at the first; how long until the two others leave it
 * alone, while they go on calling it, and how many calls reach it when it may be tried again and 30 come at once.
 */
const rounds = Number(process.argv[2] ?? 10)
const opensWithinMs = 200
const openMs = 30_000
const callersAtOnce = 30

/** Calls that reached each model. */
const calls = new Map<string, number>()
const upstream = createServer(async (request, response) => {
  let text = ''
  for await (const bytes of request) text += String(bytes)
  const model = /"model":"([^"]+)"/.exec(text)?.[1] ?? ''
  calls.set(model, (calls.get(model) ?? 0) + 1)
  response.writeHead(500, { 'content-type': 'application/json' })
  response.end('{"error":{"message":"the model fell over","type":"server_error","param":null,"code":null}}')
})
upstream.listen(0, '127.0.0.1')
await once(upstream, 'listening')
const address = upstream.address()
const upstreamPort = typeof address === 'object' && address !== null ? address.port : 0

const load = watchLoad()
const dataFolder = await mkdtemp(join(tmpdir(), 'weft-bench-'))
const env = {
  WEFT_PORT: String(await freePort()),
  WEFT_DATA: dataFolder,
  WEFT_API_KEY: testApiKey,
  OPENAI_BASE_URL: `http://127.0.0.1:${upstreamPort}/v1`,
  OPENAI_API_KEY: 'test-key',
  OTEL_SDK_DISABLED: 'true',
}
try {
  const started = await runWeft(['up', '--detach', '--replicas', 'gateway=3'], env)
  if (started.code !== 0) throw new Error(started.output)
  const status = readStatus((await runWeft(['status', '--json'], env)).stdout)
  const gateways = status.processes.flatMap(({ ports }) => ports.public ?? []).map((port) => `http://127.0.0.1:${port}`)
  const openedMs: number[] = []
  for (let round = 0; round < rounds; round++) openedMs.push(...(await failUntilOpen(`model-${round}`, gateways)))
  await sleep(openMs)
  const probes: number[] = []
  for (let round = 0; round < rounds; round++) probes.push(await countProbes(`model-${round}`, gateways))
  report(openedMs, probes)
} finally {
  await runWeft(['down'], env)
  await rm(dataFolder, { recursive: true, force: true })
  upstream.closeAllConnections()
  upstream.close()
}

/** After how many milliseconds from its fifth failure each of the other gateways first left the model alone. */
async function failUntilOpen(model: string, [first = '', ...others]: string[]): Promise<number[]> {
  for (const gateway of others) await ask(gateway, `warm-${model}`)
  for (let failures = 0; failures < 5; failures++) await ask(first, model)
  const failedAt = performance.now()
  return Promise.all(
    others.map(async (gateway) => {
      while ((await ask(gateway, model)) !== 503) await sleep(5)
      return performance.now() - failedAt
    }),
  )
}

async function countProbes(model: string, gateways: string[]): Promise<number> {
  const before = calls.get(model) ?? 0
  await Promise.all(Array.from({ length: callersAtOnce }, (_, caller) => ask(gateways[caller % gateways.length] ?? '', model)))
  return (calls.get(model) ?? 0) - before
}

async function ask(gateway: string, model: string): Promise<number> {
  const response = await fetch(`${gateway}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testApiKey}` },
    body: JSON.stringify({ model: `openai/${model}`, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  await response.body?.cancel()
  return response.status
}

function report(openedMs: number[], probes: number[]): void {
  const most = Math.max(...openedMs)
  const rows = [
    [
      'left alone by the other gateways, after the fifth failure',
      `${cell(p50(openedMs))} ms`,
      `${cell(most)} ms`,
      `≤ ${opensWithinMs} ms`,
    ],
    [
      `calls that reached it when it was tried again, of ${callersAtOnce} at once`,
      cell(p50(probes)),
      cell(Math.max(...probes)),
      '1',
    ],
  ]
  const table = markdownTable(['a model that fails', 'p50', 'most', 'reach'], rows)
  recordResults({
    name: 'shared-breaker',
    title: 'One breaker for three gateways',
    load,
    body: `${table}\n\nn = ${rounds} models.`,
  })
}
