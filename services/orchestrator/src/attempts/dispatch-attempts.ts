import { hasCode, type Problem, toWeftError, WeftError } from '@weft/contracts'
import { isUnanswered, isUnsent, mayCrashAround, type Place, type Sidecar, type SidecarResponse } from '@weft/mesh'
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
  /** Has its session note that it is sent now; false where that does not want it any more. */
  noteSending: () => Promise<boolean>
  sink: AttemptSink
}

export interface AttemptDispatcherOptions {
  sidecar: Sidecar
  /** How many attempts of a capability its agent wants to work on at once; undefined while the agent is not known. */
  maxConcurrencyOf: (agent: string, capability: string) => number | undefined
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

interface Running {
  abort: AbortController
  /** As the agent is sent it: with the deadline that it has by when it is sent. */
  request: StepRequest
  isWaiting: boolean
  sink: AttemptSink
}

/** Attempts under way on this host; beside them others wait for a place. A further one is not started, and asked for again by its session's next tick. */
const attemptsMax = 2_000

/** An agent that keeps its deadline ends the attempt by itself. One that does not is cut off this much later. */
const deadlineGraceMs = 1_000
const tooLate = 'the deadline is over'

/** The place of an attempt that did not reach its agent stays taken for as long, so that while an agent starts again not all that wait for it use up their attempts. */
const unreachedPauseMs = 500

/** Runs attempts of steps at their agents, each once on this host, and hands their outcomes to their sessions. */
export class AttemptDispatcher {
  readonly #options: AttemptDispatcherOptions
  readonly #running = new Map<string, Running>()
  readonly #places: AgentPlaces

  constructor(options: AttemptDispatcherOptions) {
    this.#options = options
    this.#places = createAgentPlaces({ maxConcurrencyOf: options.maxConcurrencyOf })
  }

  /** Starts an attempt, unless this host already runs it. */
  start(attempt: Attempt): void {
    const key = attemptKey(attempt.actorId, attempt.ref)
    const underWay = this.#running.size - this.waitingCount()
    if (this.#running.has(key) || underWay >= attemptsMax || !this.#places.hasRoom(attempt.request)) return
    const running = { abort: new AbortController(), request: attempt.request, isWaiting: true, sink: attempt.sink }
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

  /** Takes an attempt back, and tells its session, unless it was sent already. */
  hold(actorId: string, { turn, stepId, epoch, attempt }: StepRef): void {
    const ref = { turn, stepId, epoch, attempt }
    const found = this.#running.get(attemptKey(actorId, ref))
    if (found?.isWaiting !== true || found.abort.signal.aborted) return
    found.abort.abort()
    found.sink
      .apply({ type: 'unsent', ...ref })
      .catch((cause: unknown) => this.#options.onProblem('take an attempt back', actorId, cause))
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

  /** To be called when agents' cards may have changed. */
  reviewPlaces(): void {
    this.#places.review()
  }

  stop(): void {
    for (const { abort } of this.#running.values()) abort.abort()
  }

  async #run(attempt: Attempt, running: Running): Promise<void> {
    const place = await this.#takePlace(attempt, running)
    if (place === undefined) return
    let end: AttemptEnd | undefined
    try {
      if (!(await this.#maySend(attempt, place.hasWaited)) || running.abort.signal.aborted) return
      running.request = withDeadline(running.request)
      running.isWaiting = false
      end = await this.#work(attempt, running)
    } finally {
      if (end !== undefined && wasUnreached(end)) setTimeout(() => place.leave(), unreachedPauseMs).unref()
      else place.leave()
    }
    const { ref, sink } = attempt
    const { outcome, usage, agentVersion } = end
    // Aborted for another reason than its deadline: its session has no use for an outcome.
    const isAbandoned = running.abort.signal.aborted && outcome.kind === 'failed' && msUntilDeadline(running.request) > 0
    if (!isAbandoned) await mayCrashAround('result', () => sink.apply({ type: 'outcome', ...ref, outcome, usage, agentVersion }))
  }

  /**
   * Whether the attempt is still to be made. What must not happen twice is sent only once that is committed: of all that is not, its session knows that it
   * has not happened. A commit that fails leaves it unsent; the session is loaded again then, and asks for it anew.
   */
  async #maySend({ actorId, request, isWanted, noteSending }: Attempt, hasWaited: boolean): Promise<boolean> {
    if (!request.isNotedFirst) return !hasWaited || isWanted()
    try {
      return await noteSending()
    } catch (cause) {
      this.#options.onProblem('note an attempt', actorId, cause)
      return false
    }
  }

  /** Has the agent do it, and reads its answer. */
  async #work({ actorId, ref, sink }: Attempt, { request, abort }: Running): Promise<AttemptEnd> {
    const span = { kind: 'client' as const, parent: request.traceparent, attributes: spanAttributes(request) }
    const late = setTimeout(() => abort.abort(tooLate), msUntilDeadline(request) + deadlineGraceMs)
    try {
      return await withSpan(`invoke_agent ${request.agent}`, span, async () => {
        const response = await mayCrashAround('dispatch', () => this.#execute(request, { actorId, signal: abort.signal }))
        return followAttempt({ agent: request.agent, ref, sink }, response.body)
      })
    } catch (thrown) {
      const isLate = abort.signal.reason === tooLate
      // Before the next attempt begins, which has the same key and would be taken for a follower of this one.
      if (isLate) await this.#cancel(request, actorId)
      const problem = isLate ? lateProblem(request) : problemOf(thrown)
      const mayHaveHappened = isLate || !(thrown instanceof WeftError && isUnsent(thrown.cause))
      return { outcome: { kind: 'failed', problem, mayHaveHappened }, usage: [] }
    } finally {
      clearTimeout(late)
    }
  }

  /** Undefined where the attempt was aborted, or there was no place for it in time: then its session has been told. */
  async #takePlace({ ref, sink }: Attempt, { request, abort }: Running): Promise<(Place & { hasWaited: boolean }) | undefined> {
    try {
      const entered = this.#places.enter(request, abort.signal)
      const place = await entered
      return { leave: place.leave, hasWaited: entered instanceof Promise }
    } catch (thrown) {
      const outcome = { kind: 'failed' as const, problem: toWeftError(thrown).toProblem(), mayHaveHappened: false }
      if (!abort.signal.aborted) await sink.apply({ type: 'outcome', ...ref, outcome, usage: [] })
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

function wasUnreached({ outcome }: AttemptEnd): boolean {
  return outcome.kind === 'failed' && outcome.problem.code === 'dependency_unavailable'
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

/** An attempt has its time from when it is sent, however long it has waited for that. */
function withDeadline(request: StepRequest): StepRequest {
  const deadline = new Date(Date.now() + request.timeoutMs).toISOString()
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
