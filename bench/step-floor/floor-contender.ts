import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { z } from 'zod'
import type { BenchMesh } from '../measuring/bench-mesh.ts'
import type { Contender, Shape } from '../orchestration/contender.ts'

const Tokens = z.object({ apps: z.record(z.string(), z.object({ apiToken: z.string() })) })

/** About what the head of a session of five steps takes. */
const headBytes = 2_048

/**
 * What Dapr alone asks for a durable step: the same agent called through the same two sidecars, then one state transaction of two writes in the same
 * Redis. Nothing is planned, fenced, logged or told, and the next step begins when both are done. Of a fan-out all answers share one transaction.
 */
export async function startFloorContender(mesh: BenchMesh): Promise<Contender> {
  const tokens = Tokens.parse(JSON.parse(await readFile(join(mesh.dataFolder, 'run', 'tokens.json'), 'utf8')))
  const sidecar = (await mesh.processes()).find(({ name }) => name === 'orchestrator-daprd')
  const url = `http://127.0.0.1:${sidecar?.ports.http ?? 0}/v1.0`
  const connections = new Agent({ connections: 256 })
  const headers = { 'content-type': 'application/json', 'dapr-api-token': tokens.apps.orchestrator?.apiToken ?? '' }

  async function post(path: string, body: object): Promise<void> {
    const response = await request(`${url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      dispatcher: connections,
    })
    const text = await response.body.text()
    if (response.statusCode >= 300) throw new Error(`${path} answered ${response.statusCode}: ${text.slice(0, 200)}`)
  }

  const call = (session: string, params: { delayMs?: number | undefined }) =>
    post('/invoke/echo/method/execute', { sessionId: session, params })

  async function keep(session: string, n: number): Promise<void> {
    const write = (key: string, value: string) => ({ operation: 'upsert', request: { key, value } })
    const operations = [write(`floor-${session}`, 'x'.repeat(headBytes)), write(`floor-${session}-${n}`, 'done')]
    await post('/state/statestore/transaction', { operations })
  }

  async function step(session: string, n: number, delayMs?: number): Promise<void> {
    await call(session, { delayMs })
    await keep(session, n)
  }

  return {
    name: 'Dapr alone',
    step: 'the same agent through the same sidecars, and one state transaction',
    async run({ chain = 1, fanOut = 0, delayMs }: Shape) {
      const session = crypto.randomUUID()
      if (fanOut === 0) {
        for (let n = 0; n < chain; n += 1) await step(session, n, delayMs)
        return
      }
      await step(session, 0)
      await Promise.all(Array.from({ length: fanOut }, () => call(session, { delayMs })))
      await keep(session, 1)
      await step(session, 2)
    },
    stop: () => connections.close(),
  }
}
