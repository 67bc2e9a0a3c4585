import { hasCode, type Problem, toWeftError, WeftError } from '@weft/contracts'
import { isUnanswered, mayCrashAround, type Place, type Sidecar, type SidecarResponse } from '@weft/mesh'
import { genAi, withSpan } from '@weft/telemetry'
import { attemptKey } from '../core/attempt-key.ts'
import type { StepRequest } from '../core/execute-request.ts'
import type { StepRef } from '../core/session-state.ts'
import type { AttemptTold } from '../core/session-view.ts'
import { type AgentPlaces, createAgentPlaces } from './agent-places.ts'
import { type AttemptEnd, type AttemptSink, followAttempt } from './follow-attempt.ts'

export interface Attempt {
  actorId: string
  ref: StepRef
  request: StepRequest
  /** Whether its session, as far as this host knows it, still waits for it. Asked once an attempt has waited for a place. */
  isWanted: () => boolean
  sink: AttemptSink
}

export interface AttemptDispatcherOptions {
  sidecar: Sidecar
  /** How many attempts of a capability its agent wants to work on at once, where the card says. */
  maxConcurrencyOf: (agent: string, capability: string) => number | undefined
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

interface Running {
  abort: AbortController
  /** As the agent is sent it: the deadline is put off by what the attempt has waited for a place. */
  request: StepRequest
  isWaiting: boolean
}

/** Attempts that this host runs at once, or has wait for a place at their agent. A further one is not started, and asked for again by its session's next tick. */
const attemptsMax = 2_000

/** An agent that keeps its deadline ends the attempt by itself. One that does not is cut off this much later. */
const deadlineGraceMs = 1_000
const tooLate = 'the deadline is over'

/** Runs attempts of steps at their agents, each once on this host, and hands their outcomes to their sessions. */
export class AttemptDispatcher {
  readonly #options: AttemptDispatcherOptions
  readonly #running = new Map<string, Running>()
  readonly #places: AgentPlaces

  constructor(options: AttemptDispatcherOptions) {
    this.#options = options
    this.#places = createAgentPlaces({ maxConcurrencyOf: options.maxConcurrencyOf, attemptsMax })
  }

  /** Starts an attempt, unless this host already runs it. */
  start(attempt: Attempt): void {
    const key = attemptKey(attempt.actorId, attempt.ref)
    if (this.#running.has(key) || this.#running.size >= attemptsMax) return
    const running = { abort: new AbortController(), request: attempt.request, isWaiting: true }
    this.#running.set(key, running)
    this.#run(attempt, running)
      .catch((cause: unknown) => this.#options.onProblem('apply an outcome', attempt.actorId, cause))
      .finally(() => this.#running.delete(key))
  }

  /** Ends an attempt's work at its agent; its outcome no longer matters. */
  abort(actorId: string, ref: StepRef): void {
    const found = this.#running.get(attemptKey(actorId, ref))
    if (found === undefined) return
    found.abort.abort()
    if (!found.isWaiting) void this.#cancel(found.request, actorId)
  }

  /** How an attempt that this host runs stands. */
  told(actorId: string, ref: StepRef): AttemptTold | undefined {
    const found = this.#running.get(attemptKey(actorId, ref))
    return found && { isWaiting: found.isWaiting, deadlineMs: Date.parse(found.request.body.deadline) }
  }

  /** Those that wait for a place among them. */
  runningCount(): number {
    return this.#running.size
  }

  waitingCount(): number {
    return this.#places.waitingCount()
  }

  stop(): void {
    for (const { abort } of this.#running.values()) abort.abort()
  }

  async #run(attempt: Attempt, running: Running): Promise<void> {
    const place = await this.#takePlace(attempt, running)
    if (place === undefined) return
    const { actorId, ref, sink } = attempt
    const { request, abort } = running
    const span = { kind: 'client' as const, parent: request.traceparent, attributes: spanAttributes(request) }
    const late = setTimeout(() => abort.abort(tooLate), msUntilDeadline(request) + deadlineGraceMs)
    const { outcome, usage, agentVersion } = await withSpan(`invoke_agent ${request.agent}`, span, async () => {
      const response = await mayCrashAround('dispatch', () => this.#execute(request, { actorId, signal: abort.signal }))
      return followAttempt({ agent: request.agent, ref, sink }, response.body)
    })
      .catch(async (thrown: unknown): Promise<AttemptEnd> => {
        const isLate = abort.signal.reason === tooLate
        // Before the next attempt begins, which has the same key and would be taken for a follower of this one.
        if (isLate) await this.#cancel(request, actorId)
        const problem = isLate ? lateProblem(request) : problemOf(thrown)
        return { outcome: { kind: 'failed', problem, mayHaveHappened: true }, usage: [] }
      })
      .finally(() => {
        clearTimeout(late)
        place.leave()
      })
    // Aborted for another reason than its deadline: its session has no use for an outcome.
    const isAbandoned = abort.signal.aborted && outcome.kind === 'failed' && msUntilDeadline(request) > 0
    if (!isAbandoned) await mayCrashAround('result', () => sink.apply({ type: 'outcome', ...ref, outcome, usage, agentVersion }))
  }

  /** Undefined where nobody wants the attempt any more, or there was no place for it: then its session has been told. */
  async #takePlace({ ref, request, isWanted, sink }: Attempt, running: Running): Promise<Place | undefined> {
    const askedAtMs = Date.now()
    try {
      const entered = this.#places.enter(request, running.abort.signal)
      const place = entered instanceof Promise ? await entered : entered
      if (entered instanceof Promise && !isWanted()) {
        // Its session has gone on, or lives on another host, which has it done there.
        place.leave()
        return undefined
      }
      running.request = putOff(request, Date.now() - askedAtMs)
      running.isWaiting = false
      return place
    } catch (thrown) {
      const outcome = { kind: 'failed' as const, problem: toWeftError(thrown).toProblem(), mayHaveHappened: false }
      if (!running.abort.signal.aborted) await sink.apply({ type: 'outcome', ...ref, outcome, usage: [] })
      return undefined
    }
  }

  #cancel(request: StepRequest, actorId: string): Promise<void> {
    return cancelAtAgent(this.#options.sidecar, request).catch((cause: unknown) =>
      this.#options.onProblem('cancel', actorId, cause),
    )
  }

  async #execute(
    { agent, body, idempotencyKey }: StepRequest,
    { actorId, signal }: { actorId: string; signal: AbortSignal },
  ): Promise<SidecarResponse> {
    try {
      const headers = { 'idempotency-key': idempotencyKey }
      return await this.#options.sidecar.invokeStream(agent, '/execute', { body, headers, signal })
    } catch (cause) {
      if (!isUnanswered(cause)) throw ofAgent(cause)
      this.#options.onProblem(`reach ${agent}`, actorId, cause)
      throw new WeftError('dependency_unavailable', `agent "${agent}" did not answer: it is not running, or has just gone`, {
        cause,
      })
    }
  }
}

/** An agent that answers with a failure of its own was reached: it is tried as often as one whose answer is wrong, not as one that is being started again. */
function ofAgent(thrown: unknown): unknown {
  if (!hasCode(thrown, 'dependency_unavailable')) return thrown
  return new WeftError('upstream_error', thrown.message, { cause: thrown, isRetryable: true })
}

/**
 * Retryable, because whatever broke the stream may be gone at the next attempt, unless the answer was read and says that another would be no better, as one
 * that is too large. Parsing what an agent sent throws `invalid_request`, and a status no agent should answer with `internal_error`: both are the agent's
 * fault here, and not the client's or Weft's. Nor is a field of its answer one of the client's request.
 */
function problemOf(thrown: unknown): Problem {
  const { param: _, ...problem } = toWeftError(thrown).toProblem()
  const isOfAgent = thrown instanceof WeftError && ['invalid_request', 'internal_error'].includes(thrown.code)
  const isRetryable = problem.code !== 'upstream_error' || problem.isRetryable
  return { ...problem, code: isOfAgent ? 'upstream_error' : problem.code, isRetryable }
}

function lateProblem({ agent, body }: StepRequest): Problem {
  const message = `${agent} did not end its answer before the deadline of step "${body.stepId}" (${body.deadline})`
  return { code: 'timeout', message, isRetryable: true }
}

/** An attempt has its time from when its agent has a place for it. */
function putOff(request: StepRequest, waitedMs: number): StepRequest {
  if (waitedMs <= 0) return request
  const deadline = new Date(Date.parse(request.body.deadline) + waitedMs).toISOString()
  return { ...request, body: { ...request.body, deadline } }
}

function msUntilDeadline(request: StepRequest): number {
  return Math.max(0, Date.parse(request.body.deadline) - Date.now())
}

async function cancelAtAgent(sidecar: Sidecar, request: StepRequest): Promise<void> {
  const response = await sidecar.invokeStream(request.agent, '/cancel', {
    body: { tenant: request.body.context?.tenant ?? '', idempotencyKey: request.idempotencyKey },
    signal: AbortSignal.timeout(2_000),
  })
  await response.body.dump()
}

/** Phoenix's graph gives a node one parent, so a step that waits for several is drawn below the first of them. */
function spanAttributes(request: StepRequest): Record<string, string | number> {
  const { sessionId, turn, stepId, attempt, capability, dependencies } = request.body
  const [parentId] = Object.keys(dependencies)
  return {
    [genAi.operationName]: 'invoke_agent',
    [genAi.agentId]: request.agent,
    [genAi.agentName]: request.agent,
    [genAi.conversationId]: sessionId,
    [genAi.sessionId]: sessionId,
    [genAi.openInferenceSpanKind]: 'AGENT',
    [genAi.graphNodeId]: stepId,
    ...(parentId === undefined ? {} : { [genAi.graphNodeParentId]: parentId }),
    'weft.turn': turn,
    'weft.step.id': stepId,
    'weft.step.attempt': attempt,
    'weft.capability': capability,
  }
}
