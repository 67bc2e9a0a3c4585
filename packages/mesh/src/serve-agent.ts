import { once } from 'node:events'
import {
  AgentCard,
  type AgentEvent,
  ExecuteRequest,
  isTerminalAgentEvent,
  parseValue,
  toWeftError,
  type UsageEvent,
  WeftError,
} from '@weft/contracts'
import { runWithLogContext } from '@weft/telemetry'
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { mayCrashAround } from './crash-points.ts'
import { type Execute, type Execution, startExecution } from './execution.ts'
import { handle } from './internal-app.ts'
import type { KeptExecution, KeptResults } from './kept-results.ts'

/** How often keeping a result is tried, and the pause in between: as long as a state store takes to restart. */
const keepAttemptsMax = 20
const keepRetryMs = 250

/** What an agent is: its card, its work, and where it keeps what it finished. */
export interface AgentOptions {
  card: AgentCard
  execute: Execute
  results: KeptResults
}

/** Executions at once; more are answered with a retryable error. */
const executionsMax = 512

/**
 * The agent contract over Express: `GET /card`, `POST /execute` as NDJSON, and `POST /cancel {tenant, idempotencyKey}`.
 * A finished key is answered with its kept result; a running one is joined from its beginning.
 */
export function serveAgent(options: AgentOptions): Router {
  const card = AgentCard.parse(options.card)
  const known = new Map<string, Promise<Found>>()
  const router = Router()
  router.get('/card', (_request, response) => {
    response.json(card)
  })
  router.post('/execute', async (request, response) => {
    await answerExecute(options, known, { request, response })
  })
  router.post(
    '/cancel',
    handle(z.object({ tenant: z.string(), idempotencyKey: z.string() }), async ({ tenant, idempotencyKey }) => {
      const found = await known.get(`${tenant}/${idempotencyKey}`)
      const isRunning = found !== undefined && 'abort' in found
      if (isRunning) found.abort()
      return { isCancelled: isRunning }
    }),
  )
  return router
}

interface Exchange {
  request: Request
  response: Response
}

/** What a key stands for: running work to follow, or the kept end of finished work. */
type Found = Execution | KeptExecution

async function answerExecute(
  options: AgentOptions,
  known: Map<string, Promise<Found>>,
  { request, response }: Exchange,
): Promise<void> {
  const stream = openStream(response)
  try {
    const body = parseValue(ExecuteRequest, request.body, 'the execute request')
    const tenant = body.context?.tenant ?? ''
    const key = `${tenant}/${request.get('idempotency-key') ?? `${body.sessionId}/${body.turn}/${body.stepId}`}`
    await runWithLogContext({ sessionId: body.sessionId, stepId: body.stepId }, async () => {
      const found = await (known.get(key) ?? open(options, known, { body, key, tenant }))
      if ('result' in found) for (const event of [...found.usage, found.result]) await stream.write(event)
      else for await (const event of found.follow(stream.signal)) await stream.write(withVersion(options.card, event))
    })
  } catch (thrown) {
    const { code, message, isRetryable } = toWeftError(thrown)
    await stream.write(withVersion(options.card, { type: 'error', code, message, isRetryable }))
  }
  response.end()
}

/** A terminal event tells which version of the agent ended the attempt. */
function withVersion<Event extends AgentEvent>({ version }: AgentCard, event: Event): Event {
  return isTerminalAgentEvent(event) ? { ...event, agentVersion: version } : event
}

interface Work {
  body: ExecuteRequest
  key: string
  tenant: string
}

/** Claims the key before the first wait, so that two callers of one key never both start the work. */
function open(options: AgentOptions, known: Map<string, Promise<Found>>, work: Work): Promise<Found> {
  if (known.size >= executionsMax) {
    throw new WeftError('rate_limit_exceeded', `the agent already runs ${known.size} executions`)
  }
  const { body, key, tenant } = work
  const found = options.results.find(key).then((kept) => {
    if (kept !== undefined) return kept
    const execution = startExecution(keepingResults(options, key), body, { idempotencyKey: key, tenant })
    void execution.done.finally(() => known.delete(key))
    return execution
  })
  known.set(key, found)
  found.then(
    (end) => 'result' in end && known.delete(key),
    () => known.delete(key),
  )
  return found
}

/** The result is kept before anybody hears of it: whoever saw it can rely on getting the same one again. */
function keepingResults(options: AgentOptions, key: string): Execute {
  return async (request, emit, context) => {
    const usage: UsageEvent[] = []
    let terminal: AgentEvent | undefined
    const hear = (event: AgentEvent) => {
      if (terminal !== undefined) return
      if (event.type === 'usage') usage.push(event)
      if (isTerminalAgentEvent(event)) terminal = event
      else emit(event)
    }
    await mayCrashAround('effect', () => options.execute(request, hear, context))
    if (terminal?.type === 'result')
      await keepPatiently(options.results, key, { usage, result: withVersion(options.card, terminal) })
    if (terminal !== undefined) emit(terminal)
  }
}

/** Paid work is not thrown away because the state store restarts: keeping is tried again for some seconds. */
async function keepPatiently(results: KeptResults, key: string, execution: KeptExecution): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mayCrashAround('kept-result', () => results.keep(key, execution))
      return
    } catch (cause) {
      if (attempt >= keepAttemptsMax || !toWeftError(cause).isRetryable) throw cause
      await new Promise((resolve) => setTimeout(resolve, keepRetryMs))
    }
  }
}

interface EventStream {
  signal: AbortSignal
  write(event: AgentEvent): Promise<void>
}

/** Writes with back-pressure: a slow reader slows this stream down, not the work. */
function openStream(response: Response): EventStream {
  const gone = new AbortController()
  response.status(200).setHeader('content-type', 'application/x-ndjson')
  response.once('close', () => gone.abort())
  return {
    signal: gone.signal,
    async write(event) {
      if (gone.signal.aborted || response.write(`${JSON.stringify(event)}\n`)) return
      // Rejects when the reader leaves.
      await once(response, 'drain', { signal: gone.signal }).catch(() => undefined)
    },
  }
}
