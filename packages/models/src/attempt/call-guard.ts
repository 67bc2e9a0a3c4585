import { ModelError } from '../model-error.ts'

/** How long a call may be silent. */
export interface ModelTimeouts {
  connectMs: number
  /** From sending the request to the first event; reasoning models think here. */
  firstTokenMs: number
  betweenTokensMs: number
  /** A whole answer that is not streamed. */
  wholeAnswerMs: number
}

/** 600 s for a whole answer is the openai SDK's own default; the others leave slow reasoning models room. */
export const defaultTimeouts: ModelTimeouts = {
  connectMs: 10_000,
  firstTokenMs: 120_000,
  betweenTokensMs: 60_000,
  wholeAnswerMs: 600_000,
}

/** The time-outs that a provider or a model sets for itself. */
export interface Patience {
  firstTokenMs?: number | undefined
  betweenTokensMs?: number | undefined
  wholeAnswerMs?: number | undefined
}

/** The time-outs of a model: its own where it sets any, else its provider's, else those of all models. */
export function patienceWith(
  timeouts: ModelTimeouts,
  provider: Patience | undefined,
  model: Patience | undefined,
): ModelTimeouts {
  return {
    connectMs: timeouts.connectMs,
    firstTokenMs: model?.firstTokenMs ?? provider?.firstTokenMs ?? timeouts.firstTokenMs,
    betweenTokensMs: model?.betweenTokensMs ?? provider?.betweenTokensMs ?? timeouts.betweenTokensMs,
    wholeAnswerMs: model?.wholeAnswerMs ?? provider?.wholeAnswerMs ?? timeouts.wholeAnswerMs,
  }
}

/** A reader that takes nothing for this long is taken to have left. */
const readerMaxMs = 600_000

/** Watches one call: aborts it upstream when the caller cancels or when it stays silent too long. */
export interface CallGuard {
  /** Give this to the upstream call. */
  signal: AbortSignal
  /** An event arrived. */
  touch(): void
  /** The reader has got what arrived. Until the next `touch` a silence is the reader's, not the model's. */
  handOver(): void
  /** The call is over: stops the clock. */
  end(): void
  /** Aborts the upstream call, for a reader that stops early. */
  abort(): void
  /** Why the guard aborted, if it did. */
  reason(): ModelError | undefined
}

export function guardCall(options: {
  signal?: AbortSignal | undefined
  firstMs: number
  betweenMs: number
  what: string
}): CallGuard {
  const { signal: outer, firstMs, betweenMs, what } = options
  const inner = new AbortController()
  let reason: ModelError | undefined
  const abort = (error: ModelError) => {
    reason ??= error
    inner.abort(error)
  }
  const cancel = () => abort(new ModelError('cancelled', `the call to ${what} was cancelled`, { isRetryable: false }))
  let timer = setTimeout(() => abort(new ModelError('timeout', `${what} sent nothing for ${firstMs} ms`)), firstMs)
  let hasStarted = false
  let withReaderMs: number | undefined
  const fallSilent = () => {
    if (withReaderMs === undefined) return abort(new ModelError('timeout', `${what} fell silent for ${betweenMs} ms`))
    withReaderMs += betweenMs
    if (withReaderMs < readerMaxMs) timer.refresh()
    else cancel()
  }
  if (outer?.aborted) cancel()
  else outer?.addEventListener('abort', cancel, { once: true })
  return {
    signal: inner.signal,
    touch() {
      withReaderMs = undefined
      if (hasStarted) {
        timer.refresh()
        return
      }
      hasStarted = true
      clearTimeout(timer)
      timer = setTimeout(fallSilent, betweenMs)
    },
    handOver() {
      withReaderMs = 0
    },
    end() {
      clearTimeout(timer)
      outer?.removeEventListener('abort', cancel)
    },
    abort: cancel,
    reason: () => reason,
  }
}
