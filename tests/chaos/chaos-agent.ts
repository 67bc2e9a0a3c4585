// An agent whose effects are counted, and which dies at random around them: before the effect, between the effect and keeping its result, and
// after. It speaks the agent contract over Node alone; `weft agent run` starts it again each time.
// Arguments: the file of effects, and how many executions it survives on average.
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { actCapability, stepUsd } from './act-capability.ts'

const { APP_PORT, DAPR_HTTP_PORT, DAPR_API_TOKEN = '', APP_API_TOKEN } = process.env
const [sink = '', survives = '0'] = process.argv.slice(2)
const state = `http://127.0.0.1:${DAPR_HTTP_PORT}/v1.0/state/statestore`

const card = { id: 'chaos', version: '1', description: 'Has effects.', capabilities: [actCapability] }

let left = Number(survives) === 0 ? Number.POSITIVE_INFINITY : Math.ceil(Number(survives) * 6 * Math.random())

function mayDie(point: string): void {
  left -= 1
  if (left > 0) return
  console.error(JSON.stringify({ message: 'crash point', point }))
  process.kill(process.pid, 'SIGKILL')
}

async function askSidecar(path: string, init: RequestInit = {}): Promise<string> {
  const headers = { 'content-type': 'application/json', 'dapr-api-token': DAPR_API_TOKEN }
  const response = await fetch(`${state}${path}`, { ...init, headers, signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`the sidecar answered ${response.status}`)
  return response.text()
}

/** The sink counts: the first line under a key is the effect, any further one the same effect again, which it leaves out. */
async function act(key: string, stepId: string): Promise<object> {
  mayDie('agent before effect')
  const kept = await askSidecar(`/${encodeURIComponent(key)}`)
  if (kept !== '') return JSON.parse(kept)
  appendFileSync(sink, `${key}\n`)
  mayDie('agent after effect')
  const usage = { model: 'chaos', inputTokens: 1, outputTokens: 1, costUsd: stepUsd, measured: true }
  const result = { usage, result: { type: 'result', output: { text: `did ${stepId}` }, citations: [], confidence: 1 } }
  await askSidecar('', { method: 'POST', body: JSON.stringify([{ key, value: result, metadata: { ttlInSeconds: '86400' } }]) })
  mayDie('agent after keeping')
  return result
}

createServer(async (request, response) => {
  try {
    if (request.headers['dapr-api-token'] !== APP_API_TOKEN) {
      response.writeHead(403).end()
      return
    }
    if (request.url === '/card') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(card))
      return
    }
    const { stepId } = JSON.parse(await text(request))
    response.setHeader('content-type', 'application/x-ndjson')
    const done = await act(String(request.headers['idempotency-key']), stepId)
    const [usage, result] = [Reflect.get(done, 'usage'), Reflect.get(done, 'result')]
    response.end(`${JSON.stringify({ type: 'usage', ...usage })}\n${JSON.stringify(result)}\n`)
  } catch (cause) {
    response.end(`${JSON.stringify({ type: 'error', code: 'unavailable', message: String(cause), isRetryable: true })}\n`)
  }
}).listen(Number(APP_PORT), '127.0.0.1')
