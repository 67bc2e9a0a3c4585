import type { Hedging } from './hedging.ts'
import type { Attempts, Raced, Try } from './tries.ts'

export interface Race<T> extends Attempts<T> {
  first: Try
  /** Made beside the first when that is slow. */
  second: Try | undefined
  hedging: Hedging
  signal: AbortSignal | undefined
}

/** The attempt that begins to answer first; the other one is cancelled. */
export function raceAttempts<T>({ first, second, hedging, signal, begin, drop }: Race<T>): Promise<Raced<T>> {
  const { promise, resolve } = Promise.withResolvers<Raced<T>>()
  const running = new Map<Try, AbortController>()
  const failures: { tried: Try; error: unknown }[] = []
  const waitMs = second === undefined ? undefined : hedging.waitMsOf(first.model)
  let timer: NodeJS.Timeout | undefined
  let isOver = false

  function run(tried: Try): void {
    const own = new AbortController()
    running.set(tried, own)
    const startedAt = performance.now()
    begin(tried, signal === undefined ? own.signal : AbortSignal.any([signal, own.signal])).then(
      (answer) => win(tried, answer, performance.now() - startedAt),
      (error: unknown) => lose(tried, error),
    )
  }

  function win(tried: Try, answer: T, firstMs: number): void {
    running.delete(tried)
    if (isOver) {
      drop(answer)
      return
    }
    end()
    hedging.note(tried.model, firstMs)
    for (const loser of running.values()) loser.abort()
    resolve({ kind: 'answered', answer })
  }

  function lose(tried: Try, error: unknown): void {
    running.delete(tried)
    if (isOver) return
    failures.push({ tried, error })
    if (running.size > 0) return
    end()
    const inOrder = failures.toSorted((a, b) => a.tried.follows.attempt - b.tried.follows.attempt)
    resolve({ kind: 'failed', failures: inOrder.map(({ tried: { model }, error: cause }) => ({ model, error: cause })) })
  }

  function end(): void {
    isOver = true
    clearTimeout(timer)
  }

  run(first)
  if (second !== undefined && waitMs !== undefined)
    timer = setTimeout(() => {
      if (hedging.spend()) run(second)
    }, waitMs)
  return promise
}
