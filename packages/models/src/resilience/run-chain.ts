import { newCallId } from '../attempt/call-id.ts'
import { ModelError } from '../model-error.ts'
import { type AttemptFailure, nextStep, type WalkLimits } from './core/walk-chain.ts'
import type { Hedging } from './hedging.ts'
import { raceAttempts } from './race-attempts.ts'
import type { Attempts, Raced, Try } from './tries.ts'
import { waitToRetry } from './wait-to-retry.ts'

export interface ChainRun {
  /** Ids of models, the wished one first. */
  chain: readonly string[]
  attemptsMax: number
  repeats: boolean
  signal?: AbortSignal | undefined
  /** Undefined: one attempt at a time. */
  hedging?: Hedging | undefined
}

/** Answers with the first model of the chain that answers. Throws the last failure when none does. */
export async function runChain<T>(run: ChainRun, attempts: Attempts<T>): Promise<T> {
  const walk = startWalk(run)
  for (;;) {
    const { first, second } = await walk.next()
    const { hedging, signal } = run
    const raced = await (hedging === undefined
      ? beginAlone(first, signal, attempts)
      : raceAttempts({ first, second, hedging, signal, ...attempts }))
    if (raced.kind === 'answered') return raced.answer
    for (const failure of raced.failures) walk.note(failure)
  }
}

async function beginAlone<T>(first: Try, signal: AbortSignal | undefined, { begin }: Attempts<T>): Promise<Raced<T>> {
  try {
    return { kind: 'answered', answer: await begin(first, signal) }
  } catch (error) {
    return { kind: 'failed', failures: [{ model: first.model, error }] }
  }
}

/** {@link runChain} for answers that come in pieces: once a model's first piece has come, no other model is asked. */
export async function* streamChain<T>(
  run: ChainRun,
  attempt: (each: Try, signal: AbortSignal | undefined) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const { first, pieces } = await runChain(run, {
    async begin(each, signal) {
      const begun = attempt(each, signal)
      return { first: await begun.next(), pieces: begun }
    },
    drop: ({ pieces: late }) => void late.return(undefined).catch(() => undefined),
  })
  try {
    if (first.done) return
    yield first.value
    yield* pieces
  } finally {
    await pieces.return(undefined)
  }
}

interface Walk {
  /** Answers what to try now, once the wait before it is over; `second` may be tried beside it. Throws when nothing is left to try. */
  next(): Promise<{ first: Try; second: Try | undefined }>
  /** Notes a failure of a model. Throws any other error. */
  note(failure: { model: string; error: unknown }): void
}

function startWalk({ chain, attemptsMax, repeats, signal, hedging }: ChainRun): Walk {
  const limits: WalkLimits = { candidates: chain.length, attemptsMax, repeats }
  const failures: { model: string; error: ModelError }[] = []
  const firstCallId = newCallId()
  return {
    async next() {
      const step = nextStep(
        failures.map(({ error }) => failureOf(error)),
        limits,
        Math.random(),
      )
      const model = step.kind === 'try' ? chain[step.candidate] : undefined
      if (step.kind === 'give_up' || model === undefined) throw exhausted(failures, repeats)
      if (step.waitMs > 0) await waitToRetry(step.waitMs, signal)
      const attempt = failures.length + 1
      const other = hedging === undefined || attempt >= attemptsMax ? undefined : chain[(step.candidate + 1) % chain.length]
      return {
        first: { model, follows: { firstCallId, attempt }, isBeside: false },
        second:
          other === undefined ? undefined : { model: other, follows: { firstCallId, attempt: attempt + 1 }, isBeside: true },
      }
    },
    note({ model, error }) {
      if (!(error instanceof ModelError)) throw error
      failures.push({ model, error })
    },
  }
}

/** Failures of the model, its provider or the way to it. With any other code another model would fail too, or the call did not fail. */
const worthAnother: ReadonlySet<string> = new Set([
  'upstream_error',
  'timeout',
  'rate_limit_exceeded',
  'authentication',
  'permission',
  'model_not_found',
  'model_unavailable',
])

function failureOf({ code, isRetryable, retryAfterMs }: ModelError): AttemptFailure {
  return { isWorthAnother: worthAnother.has(code), isPassing: isRetryable, retryAfterMs }
}

/** What is thrown after several failures. A client is told not to retry, or its attempts would multiply with these; steps are retried by the mesh, which bounds that. */
function exhausted(failures: { model: string; error: ModelError }[], isStep: boolean): unknown {
  const last = failures.at(-1)?.error
  if (last === undefined || failures.length === 1 || !worthAnother.has(last.code)) return last
  const { code, upstreamStatus, retryAfterMs, param } = last
  const said = failures.map(({ error }, index) => `${index + 1}. ${error.message}`).join('; ')
  const details = { upstreamStatus, retryAfterMs, param, isRetryable: isStep && last.isRetryable, cause: last }
  return new ModelError(code, `all ${failures.length} attempts failed: ${said}`, details)
}
