import { type AgentEvent, type ExecuteRequest, isTerminalAgentEvent, toWeftError } from '@weft/contracts'

/** `signal` aborts when nobody wants the work any more; effects are done once per `idempotencyKey`. */
export interface ExecutionContext {
  signal: AbortSignal
  idempotencyKey: string
  tenant: string
}

/** An agent's work: emits events and, last, exactly one of result, needs_approval or error. */
export type Execute = (request: ExecuteRequest, emit: (event: AgentEvent) => void, context: ExecutionContext) => Promise<void>

/**
 * One running execution that any number of callers may follow from its beginning. It belongs to the idempotency key,
 * not to a connection: a dispatcher that died and came back joins the work instead of starting it twice.
 */
export interface Execution {
  /** Everything emitted so far, then everything that follows; ends after the terminal event. */
  follow(signal: AbortSignal): AsyncGenerator<AgentEvent>
  abort(): void
  /** Resolves once the work has ended, however it did. */
  readonly done: Promise<void>
}

/** Without a follower work goes on for this long, so that a restarted orchestrator can join it. */
const orphanGraceMs = 15_000

/**
 * Starts an agent's work. It is aborted at the request's deadline, and when nobody has followed it for 15 s. Work that ends without a terminal event, or
 * throws, ends with an error event.
 */
export function startExecution(
  execute: Execute,
  request: ExecuteRequest,
  identity: { idempotencyKey: string; tenant: string },
): Execution {
  const events: AgentEvent[] = []
  const abort = new AbortController()
  let followers = 0
  let wake = Promise.withResolvers<void>()
  let isDone = false
  let orphanTimer: NodeJS.Timeout | undefined

  const deadline = setTimeout(() => abort.abort(), Math.max(0, Date.parse(request.deadline) - Date.now()))

  function emit(event: AgentEvent): void {
    if (isDone) return
    events.push(event)
    if (isTerminalAgentEvent(event)) isDone = true
    wakeFollowers()
  }

  function wakeFollowers(): void {
    wake.resolve()
    wake = Promise.withResolvers()
  }

  const done = execute(request, emit, { signal: abort.signal, ...identity })
    .then(() => {
      if (!isDone) emit({ type: 'error', code: 'internal_error', message: 'the agent ended without a result', isRetryable: true })
    })
    .catch((thrown: unknown) => {
      const { code, message, isRetryable } = toWeftError(thrown)
      emit({ type: 'error', code, message, isRetryable: isRetryable || abort.signal.aborted })
    })
    .finally(() => {
      clearTimeout(deadline)
      clearTimeout(orphanTimer)
    })

  function release(): void {
    followers -= 1
    if (followers === 0 && !isDone) orphanTimer = setTimeout(() => abort.abort(), orphanGraceMs)
  }

  async function* follow(signal: AbortSignal): AsyncGenerator<AgentEvent> {
    followers += 1
    clearTimeout(orphanTimer)
    signal.addEventListener('abort', wakeFollowers, { once: true })
    try {
      for (let next = 0; !signal.aborted; ) {
        const event = events[next]
        if (event === undefined) {
          if (isDone) return
          await wake.promise
          continue
        }
        next += 1
        yield event
      }
    } finally {
      signal.removeEventListener('abort', wakeFollowers)
      release()
    }
  }

  return { follow, abort: () => abort.abort(), done }
}
