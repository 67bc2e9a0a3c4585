// The agent of ledger_agent.py in TypeScript, with nothing but Node:
//
//   npx weft agent run --app-id ledger-ts --app-port 7702 -- node docs/examples/ledger-agent.ts ledger.txt
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

interface Decision {
  decision: 'approve' | 'reject'
  by: string
  args: { to: string; amount: number }
}

interface Step {
  capability: string
  params: { to?: string; amount?: number; upTo?: number; approval?: Decision }
  context?: { tenant?: string }
  checkpoint?: { done: number }
}

type Event = { type: string; [more: string]: unknown }
type Send = (event: Event) => void

const { APP_PORT, APP_API_TOKEN, DAPR_HTTP_PORT, DAPR_API_TOKEN = '' } = process.env
const state = `http://127.0.0.1:${DAPR_HTTP_PORT}/v1.0/state/statestore`
const ledger = process.argv[2] ?? 'ledger.txt'
const bodyBytesMax = 16 * 1024 * 1024

const object = (properties: object) => ({ type: 'object', properties, required: Object.keys(properties) })
const text = object({ text: { type: 'string' } })
const card = {
  id: 'ledger-ts',
  version: '1.0.0',
  description: 'Keeps a ledger: transfers money, and counts.',
  capabilities: [
    {
      name: 'transfer',
      description: 'Transfers an amount to somebody, after a person has agreed.',
      inputSchema: object({ to: { type: 'string' }, amount: { type: 'number' } }),
      outputSchema: text,
      costUsd: 0.01,
      latencyMs: 20,
      effects: 'external',
    },
    {
      name: 'count',
      description: 'Counts up to a number, one checkpoint a step.',
      inputSchema: object({ upTo: { type: 'integer' } }),
      outputSchema: text,
      effects: 'none',
    },
  ],
}

const result = (said: string): Event => ({ type: 'result', output: { text: said }, citations: [], confidence: 1 })

const capabilities: Record<string, (step: Step, key: string, send: Send) => Event> = {
  transfer({ params: { to, amount, approval } }, key) {
    if (approval === undefined) {
      const reason = `${amount} would go to ${to}`
      return { type: 'needs_approval', reason, action: 'transfer money', args: { to, amount }, risk: 'high' }
    }
    if (approval.decision === 'reject') return result(`Nothing was transferred: ${approval.by} said no.`)
    const { args } = approval
    writeOnce(key, `${args.amount} to ${args.to}`)
    return result(`Transferred ${args.amount} to ${args.to}, approved by ${approval.by}.`)
  },
  count({ params: { upTo = 0 }, checkpoint }, _key, send) {
    const done = checkpoint?.done ?? 0
    for (let number = done + 1; number <= upTo; number += 1) {
      send({ type: 'progress', message: `counted ${number}` })
      send({ type: 'checkpoint', state: { done: number } })
    }
    return result(`Counted to ${upTo}, from ${done + 1} in this attempt.`)
  },
}

/** The effect carries the step's key, so doing it again does nothing: a crash right after it is harmless. */
function writeOnce(key: string, line: string): void {
  const known = existsSync(ledger) ? readFileSync(ledger, 'utf8') : ''
  if (!known.includes(`${key}\t`)) appendFileSync(ledger, `${key}\t${line}\n`, { flush: true })
}

/** The agent's own sidecar keeps what has to outlive this process. */
async function askSidecar(path: string, init: RequestInit = {}): Promise<string> {
  const headers = { 'content-type': 'application/json', 'dapr-api-token': DAPR_API_TOKEN }
  const response = await fetch(`${state}${path}`, { ...init, headers, signal: AbortSignal.timeout(10_000) })
  if (!response.ok) throw new Error(`the sidecar answered ${response.status}`)
  return response.text()
}

async function findKept(key: string): Promise<Event | undefined> {
  const kept = await askSidecar(`/${encodeURIComponent(key)}`)
  return kept === '' ? undefined : JSON.parse(kept)
}

async function keep(key: string, value: Event): Promise<void> {
  await askSidecar('', { method: 'POST', body: JSON.stringify([{ key, value, metadata: { ttlInSeconds: '86400' } }]) })
}

async function work(step: Step, key: string, send: Send): Promise<Event> {
  try {
    const kept = await findKept(key)
    if (kept !== undefined) return kept
    const act = capabilities[step.capability]
    if (act === undefined) return { type: 'error', code: 'unknown_capability', message: step.capability, isRetryable: false }
    const end = act(step, key, send)
    if (end.type === 'result') await keep(key, end)
    return end
  } catch (cause) {
    return { type: 'error', code: 'unavailable', message: String(cause), isRetryable: true }
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new RangeError(`more than ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers['dapr-api-token'] !== APP_API_TOKEN)
    return answer(response, 403, { message: 'only its sidecar may call it' })
  const route = `${request.method} ${request.url}`
  if (route === 'GET /card') return answer(response, 200, card)
  if (route === 'POST /cancel') return answer(response, 200, { ok: true })
  if (route !== 'POST /execute') return answer(response, 404, { message: 'no such route' })
  const step: Step = JSON.parse(await readBody(request))
  const key = `${step.context?.tenant ?? ''}/${request.headers['idempotency-key']}`
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const send: Send = (event) => response.write(`${JSON.stringify(event)}\n`)
  send(await work(step, key, send))
  response.end()
}

createServer((request, response) => {
  serve(request, response).catch((cause: unknown) => {
    if (response.headersSent) response.destroy()
    else answer(response, 400, { message: String(cause) })
  })
}).listen(Number(APP_PORT), '127.0.0.1')
