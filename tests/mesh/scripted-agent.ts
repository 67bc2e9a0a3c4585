import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'

/**
 * A program that joins the mesh as the agent named on its command line and does what a step's params tell it: `fails` times it errs first, `isBroken`
 * always; then it says `say` and asks for the steps `adds`. What it does costs `costUsd`.
 */
interface Params {
  say?: string
  adds?: object[]
  fails?: number
  isBroken?: boolean
  costUsd?: number
}

const agentId = process.argv[2] ?? 'scripted'
const version = process.argv[3] ?? '1.0.0'
const tries = new Map<string, number>()

function eventsOf(key: string, { say = '', adds = [], fails = 0, isBroken = false, costUsd = 0 }: Params): object[] {
  const tried = (tries.get(key) ?? 0) + 1
  tries.set(key, tried)
  if (isBroken) return [{ type: 'error', code: 'broken', message: 'it never works', isRetryable: false }]
  if (tried <= fails) return [{ type: 'error', code: 'busy', message: 'not yet', isRetryable: true }]
  const usage = { type: 'usage', model: 'scripted', inputTokens: 1, outputTokens: 1, costUsd, measured: true }
  return [usage, { type: 'result', output: { text: say, tried }, citations: [], confidence: 1, steps: adds }]
}

const capability = {
  name: 'work',
  description: 'Does what its params tell.',
  inputSchema: { type: 'object' },
  outputSchema: { type: 'object' },
  effects: 'none',
}
const card = { id: agentId, version, description: 'Follows a script.', capabilities: [capability] }

createServer(async (request, response) => {
  if (request.url === '/card') {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(card))
    return
  }
  const body = JSON.parse((await text(request)) || '{}')
  if (request.url !== '/execute') {
    response.end('{}')
    return
  }
  const events = eventsOf(String(request.headers['idempotency-key']), body.params)
  response.setHeader('content-type', 'application/x-ndjson').end(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
}).listen(Number(process.env.APP_PORT), '127.0.0.1')
