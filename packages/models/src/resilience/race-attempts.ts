import { ModelError } from '../model-error.ts'
import type { Hedging } from './hedging.ts'
import type { Attempts, Raced, Try } from './tries.ts'

export interface Race<T> extends Attempts<T> {
  first: Try
  /** Made beside the first one when that is slow. */
  second: Try | undefined
  hedging: Hedging
  signal: AbortSignal | undefined
}

/** Answers with the attempt that begins to answer first, and cancels the other. A second attempt for which budgets have no room is not counted as a failure. */
export function raceAttempts<T>({ first, second, hedging, signal, begin, drop }: Race<T>): Promise<Raced<T>> {
  const { promise, resolve } = Promise.withResolvers<Raced<T>>()
  const running = new Map<Try, { own: AbortController; startedAt: number }>()
  const failures: { tried: Try; error: unknown }[] = []
  const waitMs = second === undefined ? undefined : hedging.waitMsOf(first.model)
  let timer: NodeJS.Timeout | undefined
  let isOver = false

  function run(tried: Try): void {
    const own = new AbortController()
    running.set(tried, { own, startedAt: performance.now() })
    begin(tried, signal === undefined ? own.signal : AbortSignal.any([signal, own.signal])).then(
      (answer) => win(tried, answer),
      (error: unknown) => lose(tried, error),
    )
  }

  function win(tried: Try, answer: T): void {
    const startedAt = running.get(tried)?.startedAt ?? 0
    running.delete(tried)
    if (isOver) {
      drop(answer)
      return
    }
    end()
    const now = performance.now()
    hedging.answered(tried.model, now - startedAt)
    for (const [loser, late] of running) {
      hedging.outlasted(loser.model, now - late.startedAt)
      late.own.abort()
    }
    resolve({ kind: 'answered', answer })
  }

  function lose(tried: Try, error: unknown): void {
    running.delete(tried)
    if (isOver) return
    if (!isWithoutRoom(tried, error)) failures.push({ tried, error })
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

function isWithoutRoom({ isBeside }: Try, error: unknown): boolean {
  return isBeside && error instanceof ModelError && error.code === 'budget_exceeded'
}
