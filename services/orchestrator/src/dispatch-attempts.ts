import {
  AgentEvent,
  isTerminalAgentEvent,
  type Problem,
  parseJson,
  type TerminalAgentEvent,
  toWeftError,
  type Usage,
  WeftError,
} from '@weft/contracts'
import { readLines, type Sidecar } from '@weft/mesh'
import { withSpan } from '@weft/telemetry'
import type { StepRequest } from './core/execute-request.ts'
import type { AttemptOutcome, SessionInput, StepRef } from './core/session-state.ts'

/** What an attempt reports while it runs; the last call is `apply` of its outcome. */
export interface AttemptSink {
  text(delta: string, offset: number): void
  apply(input: SessionInput): Promise<void>
}

export interface AttemptDispatcher {
  /** Starts an attempt, unless this host already runs it. */
  start(attempt: Attempt): void
  /** Ends an attempt's work at its agent; its outcome no longer matters. */
  abort(actorId: string, ref: StepRef): void
  runningCount(): number
  stop(): void
}

export interface Attempt {
  actorId: string
  ref: StepRef
  request: StepRequest
  sink: AttemptSink
}

export interface AttemptDispatcherOptions {
  sidecar: Sidecar
  onProblem: (what: string, actorId: string, cause: unknown) => void
  /** Attempts at once on this host; more wait for the next tick. Default 2,000. */
  attemptsMax?: number
}

interface Running {
  abort: AbortController
  request: StepRequest
}

/** An attempt that is silent past its step's deadline is cut from here this much later. */
const deadlineGraceMs = 1_000

export function createAttemptDispatcher(options: AttemptDispatcherOptions): AttemptDispatcher {
  const running = new Map<string, Running>()
  const attemptsMax = options.attemptsMax ?? 2_000

  function start(attempt: Attempt): void {
    const key = keyOf(attempt.actorId, attempt.ref)
    if (running.has(key) || running.size >= attemptsMax) return
    const abort = new AbortController()
    running.set(key, { abort, request: attempt.request })
    run(attempt, abort.signal)
      .catch((cause: unknown) => options.onProblem('apply an outcome', attempt.actorId, cause))
      .finally(() => running.delete(key))
  }

  async function run({ actorId, ref, request, sink }: Attempt, signal: AbortSignal): Promise<void> {
    const usage: Usage[] = []
    const outcome = await withSpan(
      `invoke_agent ${request.agent}`,
      { kind: 'client', parent: request.traceparent, attributes: spanAttributes(request) },
      () => follow({ ref, request, sink, usage }, signal),
    ).catch((thrown: unknown): AttemptOutcome => ({ kind: 'failed', problem: problemOf(thrown) }))
    if (signal.aborted && outcome.kind === 'failed' && !isDeadline(request)) return
    await sink
      .apply({ type: 'outcome', ...ref, outcome, usage })
      .catch((cause: unknown) => options.onProblem('outcome', actorId, cause))
  }

  async function follow(
    work: Pick<Attempt, 'ref' | 'request' | 'sink'> & { usage: Usage[] },
    signal: AbortSignal,
  ): Promise<AttemptOutcome> {
    const { request, usage } = work
    const patienceMs = Math.max(0, Date.parse(request.body.deadline) - Date.now()) + deadlineGraceMs
    const response = await options.sidecar.invokeStream(request.agent, '/execute', {
      body: request.body,
      headers: { 'idempotency-key': request.idempotencyKey },
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    })
    let offset = 0
    let outcome: AttemptOutcome | undefined
    // The stream is read to its end, so that its connection can serve the next attempt.
    for await (const line of readLines(response.body)) {
      const event = parseJson(AgentEvent, line, `the answer of ${request.agent}`)
      if (outcome !== undefined) continue
      if (isTerminalAgentEvent(event)) {
        outcome = outcomeOf(event)
      } else if (event.type === 'text') {
        work.sink.text(event.delta, offset)
        offset += event.delta.length
      } else if (event.type === 'usage') {
        usage.push({ ...event })
      } else {
        await note(work, event)
      }
    }
    if (outcome !== undefined) return outcome
    throw new WeftError('upstream_error', `${request.agent} ended its answer without a result`, { isRetryable: true })
  }

  return {
    start,
    abort(actorId, ref) {
      const found = running.get(keyOf(actorId, ref))
      found?.abort.abort()
      if (found !== undefined)
        cancelAtAgent(options.sidecar, found.request).catch((cause: unknown) => options.onProblem('cancel', actorId, cause))
    },
    runningCount: () => running.size,
    stop() {
      for (const { abort } of running.values()) abort.abort()
    },
  }
}

/** Progress and checkpoints go through the session; a tool call is told as progress. */
async function note(work: Pick<Attempt, 'ref' | 'sink'>, event: Exclude<AgentEvent, TerminalAgentEvent>): Promise<void> {
  if (event.type === 'progress')
    await work.sink.apply({ type: 'progress', ...work.ref, message: event.message, fraction: event.fraction })
  if (event.type === 'tool_call')
    await work.sink.apply({ type: 'progress', ...work.ref, message: `tool ${event.name}`, fraction: undefined })
  if (event.type === 'checkpoint') await work.sink.apply({ type: 'checkpoint', ...work.ref, state: event.state })
}

function outcomeOf(event: TerminalAgentEvent): AttemptOutcome {
  switch (event.type) {
    case 'result': {
      const { output, citations, confidence } = event
      if ((event.steps?.length ?? 0) > 0) return refused('it asked for further steps, which this version does not run')
      return { kind: 'succeeded', output, citations, confidence }
    }
    case 'needs_approval':
      return refused(`it asked for an approval ("${event.action}"), which this version does not ask anybody for`)
    case 'error':
      return {
        kind: 'failed',
        problem: { code: 'upstream_error', message: `${event.code}: ${event.message}`, isRetryable: event.isRetryable },
      }
  }
}

function refused(why: string): AttemptOutcome {
  return {
    kind: 'failed',
    problem: { code: 'unprocessable_content', message: `the agent did not finish: ${why}`, isRetryable: false },
  }
}

/** Whatever broke a stream may be tried again, but a refusal of the agent's own may not. */
function problemOf(thrown: unknown): Problem {
  const error = toWeftError(thrown)
  const isRefusal = error.code === 'invalid_request' && !error.isRetryable
  return { ...error.toProblem(), code: isRefusal ? 'upstream_error' : error.code, isRetryable: true }
}

function isDeadline(request: StepRequest): boolean {
  return Date.now() >= Date.parse(request.body.deadline)
}

async function cancelAtAgent(sidecar: Sidecar, request: StepRequest): Promise<void> {
  const response = await sidecar.invokeStream(request.agent, '/cancel', {
    body: { tenant: request.body.context?.tenant ?? '', idempotencyKey: request.idempotencyKey },
    signal: AbortSignal.timeout(2_000),
  })
  await response.body.dump()
}

function spanAttributes(request: StepRequest): Record<string, string | number> {
  const { sessionId, turn, stepId, attempt, capability } = request.body
  return {
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': request.agent,
    'gen_ai.conversation.id': sessionId,
    'session.id': sessionId,
    'weft.turn': turn,
    'weft.step.id': stepId,
    'weft.step.attempt': attempt,
    'weft.capability': capability,
  }
}

function keyOf(actorId: string, { turn, stepId, epoch, attempt }: StepRef): string {
  return `${actorId}/${turn}/${stepId}/${epoch}/${attempt}`
}
