import { setTimeout as sleep } from 'node:timers/promises'
import { newCallId } from '../attempt/call-id.ts'
import { ModelError } from '../model-error.ts'
import { type AttemptFailure, nextStep, type WalkLimits } from './core/walk-chain.ts'

/** Which attempt of a logical call this is; the ledger keeps them together. */
export interface Follows {
  firstCallId: string
  attempt: number
}

export interface ChainRun {
  /** Ids of models, the wished one first. */
  chain: readonly string[]
  attemptsMax: number
  repeats: boolean
  signal?: AbortSignal | undefined
}

/** Answers with the first model of the chain that does. `attempt` throws ModelError as long as nothing of the answer was used. */
export async function runChain<T>(run: ChainRun, attempt: (model: string, follows: Follows) => Promise<T>): Promise<T> {
  const walk = startWalk(run)
  for (;;) {
    const { model, follows } = await walk.next()
    try {
      return await attempt(model, follows)
    } catch (thrown) {
      walk.note(model, thrown)
    }
  }
}

/** As {@link runChain} for answers that come in pieces: after the first piece there is no other model. */
export async function* streamChain<T>(
  run: ChainRun,
  attempt: (model: string, follows: Follows) => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const walk = startWalk(run)
  for (;;) {
    const { model, follows } = await walk.next()
    let hasBegun = false
    try {
      for await (const piece of attempt(model, follows)) {
        hasBegun = true
        yield piece
      }
      return
    } catch (thrown) {
      if (hasBegun) throw thrown
      walk.note(model, thrown)
    }
  }
}

interface Walk {
  /** The model to try now, after the wait before it. Throws when there is none left. */
  next(): Promise<{ model: string; follows: Follows }>
  /** Throws what is no failure of a model. */
  note(model: string, thrown: unknown): void
}

function startWalk({ chain, attemptsMax, repeats, signal }: ChainRun): Walk {
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
      if (step.waitMs > 0) await waitUnless(signal, step.waitMs)
      return { model, follows: { firstCallId, attempt: failures.length + 1 } }
    },
    note(model, thrown) {
      if (!(thrown instanceof ModelError)) throw thrown
      failures.push({ model, error: thrown })
    },
  }
}

/** Of the model, its provider or the way to it; all others would fail for the request's own sake, or are no failures. */
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

/** A client need not try again what was tried several times: those attempts would multiply. The mesh itself bounds how often it does a step again. */
function exhausted(failures: { model: string; error: ModelError }[], isStep: boolean): unknown {
  const last = failures.at(-1)?.error
  if (last === undefined || failures.length === 1 || !worthAnother.has(last.code)) return last
  const { code, upstreamStatus, retryAfterMs, param } = last
  const said = failures.map(({ error }, index) => `${index + 1}. ${error.message}`).join('; ')
  const details = { upstreamStatus, retryAfterMs, param, isRetryable: isStep && last.isRetryable, cause: last }
  return new ModelError(code, `all ${failures.length} attempts failed: ${said}`, details)
}

async function waitUnless(signal: AbortSignal | undefined, waitMs: number): Promise<void> {
  try {
    await sleep(waitMs, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    throw new ModelError('cancelled', 'the call was cancelled while it waited to be tried again', { cause })
  }
}
