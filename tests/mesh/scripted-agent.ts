import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A program that joins the mesh as the agent named on its command line and does what a step's params tell it: `fails` times it errs first, `isBroken`
 * always; then it says `say`, with how often it was asked for `{tried}`, and asks for the steps `adds`. What it does costs `costUsd`. `diesAt`: it counts, one checkpoint a number, and dies after
 * this one, unless it goes on from a checkpoint. `lies`: it puts out what its card does not say. `takesMs`: how long its answer takes.
 */
interface Params {
  say?: string
  adds?: object[]
  fails?: number
  isBroken?: boolean
  costUsd?: number
  diesAt?: number
  lies?: boolean
  takesMs?: number
}

interface Step {
  params: Params
  checkpoint?: { done: number }
}

const agentId = process.argv[2] ?? 'scripted'
const version = process.argv[3] ?? '1.0.0'
const tries = new Map<string, number>()

function eventsOf(
  key: string,
  { say = '', adds = [], fails = 0, isBroken = false, costUsd = 0, lies = false }: Params,
): object[] {
  const tried = (tries.get(key) ?? 0) + 1
  tries.set(key, tried)
  if (isBroken) return [{ type: 'error', code: 'broken', message: 'it never works', isRetryable: false }]
  if (tried <= fails) return [{ type: 'error', code: 'busy', message: 'not yet', isRetryable: true }]
  const usage = { type: 'usage', model: 'scripted', inputTokens: 1, outputTokens: 1, costUsd, measured: true }
  return [
    usage,
    {
      type: 'result',
      output: lies ? say : { text: say.replace('{tried}', String(tried)), tried },
      citations: [],
      confidence: 1,
      steps: adds,
    },
  ]
}

/** Counts on for ever; the checkpoint is read by its session before the connection breaks. */
async function dieAt(number: number, response: ServerResponse): Promise<void> {
  response.setHeader('content-type', 'application/x-ndjson')
  for (let done = 1; done <= number; done += 1) response.write(`${JSON.stringify({ type: 'checkpoint', state: { done } })}\n`)
  await sleep(500)
  process.kill(process.pid, 'SIGKILL')
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
  const body: Step = JSON.parse((await text(request)) || '{}')
  if (request.url !== '/execute') {
    response.end('{}')
    return
  }
  const { params, checkpoint } = body
  if (params.diesAt !== undefined && checkpoint === undefined) return dieAt(params.diesAt, response)
  const say = checkpoint === undefined ? params.say : `went on from ${checkpoint.done}`
  const events = eventsOf(String(request.headers['idempotency-key']), { ...params, ...(say === undefined ? {} : { say }) })
  await sleep(params.takesMs ?? 0)
  response.setHeader('content-type', 'application/x-ndjson').end(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
}).listen(Number(process.env.APP_PORT), '127.0.0.1')
