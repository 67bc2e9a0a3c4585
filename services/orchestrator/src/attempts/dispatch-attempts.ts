import { type Problem, toWeftError, WeftError } from '@weft/contracts'
import { isUnanswered, mayCrashAround, type Sidecar, type SidecarResponse } from '@weft/mesh'
import { genAi, withSpan } from '@weft/telemetry'
import { attemptKey } from '../core/attempt-key.ts'
import type { StepRequest } from '../core/execute-request.ts'
import type { StepRef } from '../core/session-state.ts'
import { type AttemptEnd, type AttemptSink, followAttempt } from './follow-attempt.ts'

export interface Attempt {
  actorId: string
  ref: StepRef
  request: StepRequest
  sink: AttemptSink
}

export interface AttemptDispatcherOptions {
  sidecar: Sidecar
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

interface Running {
  abort: AbortController
  request: StepRequest
}

/** Attempts that this host runs at once. A further one is not started, and asked for again by its session's next tick. */
const attemptsMax = 2_000

/** An agent that keeps its deadline ends the attempt by itself. One that does not is cut off this much later. */
const deadlineGraceMs = 1_000
const tooLate = 'the deadline is over'

/** Runs attempts of steps at their agents, each once on this host, and hands their outcomes to their sessions. */
export class AttemptDispatcher {
  readonly #options: AttemptDispatcherOptions
  readonly #running = new Map<string, Running>()

  constructor(options: AttemptDispatcherOptions) {
    this.#options = options
  }

  /** Starts an attempt, unless this host already runs it. */
  start(attempt: Attempt): void {
    const key = attemptKey(attempt.actorId, attempt.ref)
    if (this.#running.has(key) || this.#running.size >= attemptsMax) return
    const abort = new AbortController()
    this.#running.set(key, { abort, request: attempt.request })
    this.#run(attempt, abort)
      .catch((cause: unknown) => this.#options.onProblem('apply an outcome', attempt.actorId, cause))
      .finally(() => this.#running.delete(key))
  }

  /** Ends an attempt's work at its agent; its outcome no longer matters. */
  abort(actorId: string, ref: StepRef): void {
    const found = this.#running.get(attemptKey(actorId, ref))
    if (found === undefined) return
    found.abort.abort()
    void this.#cancel(found.request, actorId)
  }

  runningCount(): number {
    return this.#running.size
  }

  stop(): void {
    for (const { abort } of this.#running.values()) abort.abort()
  }

  async #run({ actorId, ref, request, sink }: Attempt, abort: AbortController): Promise<void> {
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
      .finally(() => clearTimeout(late))
    // Aborted for another reason than its deadline: its session has no use for an outcome.
    const isAbandoned = abort.signal.aborted && outcome.kind === 'failed' && msUntilDeadline(request) > 0
    if (!isAbandoned) await mayCrashAround('result', () => sink.apply({ type: 'outcome', ...ref, outcome, usage, agentVersion }))
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
      if (!isUnanswered(cause)) throw cause
      this.#options.onProblem(`reach ${agent}`, actorId, cause)
      throw new WeftError('dependency_unavailable', `agent "${agent}" did not answer: it is not running, or has just gone`, {
        cause,
      })
    }
  }
}

/**
 * Retryable, because whatever broke the stream may be gone at the next attempt, unless the answer was read and says that another would be no better, as one that is
 * too large. Parsing what an agent sent throws `invalid_request`, and a status no
 * agent should answer with `internal_error`: both are the agent's fault here, and not the client's or Weft's. Nor is a field of its answer one of the
 * client's request.
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
