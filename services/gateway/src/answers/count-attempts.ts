import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { toWeftError, WeftError } from '@weft/contracts'
import type { SharedState } from '@weft/mesh'
import { ModelError, type ModelErrorCode } from '@weft/models'
import { z } from 'zod'
import { attemptsLeft, attemptsMax } from '../core/attempts-left.ts'
import { parseIdempotencyKey } from '../core/session-id.ts'
import { foreseen } from '../http/answer-errors.ts'
import { headerOf } from '../http/handler.ts'
import { identityOf } from '../http/request-context.ts'

/** The attempts at models that one request has. Its first one is counted before it is made, so that repeats at the same time know of it. */
export interface RequestAttempts {
  /** How many attempts this request may make. */
  max: number
  /** An attempt at a model begins. */
  begin(): void
  /** The request was answered: its attempts are not counted any more. */
  succeeded(): void
  /** The request has failed: its attempts stay counted for repeats with the same key. Resolves to the error that the client is to be told. */
  failed(thrown: unknown): Promise<unknown>
  /** The reader has left: attempts that were made stay counted for repeats with the same key. */
  left(): Promise<void>
}

export interface AttemptCounts {
  /** Throws WeftError when a request with this `Idempotency-Key` has had all its attempts. */
  of(request: { tenant: string; get(header: string): string | undefined }): Promise<RequestAttempts>
}

const Count = z.int().nonnegative()
/**
 * How often a count is written anew because another gateway wrote it at the same time. All attempts there can be, and their ends, are fewer writes than this,
 * so that no number of repeats at once gets past the count.
 */
const writesMax = 4 * attemptsMax

/**
 * Counts attempts by `Idempotency-Key` over all gateways. For requests without one it relies on the retry count that the client sends. While the shared state
 * is away every request is taken for the first.
 */
export function createAttemptCounts(shared: SharedState): AttemptCounts {
  /** Adds `made`, which may be negative, to a count unless that would exceed `countMax`. Returns the count before, and whether the new one is stored. */
  async function add(
    key: string,
    made: number,
    countMax = Number.POSITIVE_INFINITY,
  ): Promise<{ before: number; isStored: boolean }> {
    let before = 0
    for (let writes = 0; writes < writesMax; writes += 1) {
      const found = await shared.get(key)
      before = Count.safeParse(found?.value).data ?? 0
      const next = Math.max(0, before + made)
      if (next > countMax) break
      if (await shared.compareAndSet(key, next, found?.etag)) return { before, isStored: true }
    }
    return { before, isStored: false }
  }

  return {
    async of({ tenant, get }) {
      const idempotencyKey = parseIdempotencyKey(get('idempotency-key'))
      const repeats = get('x-stainless-retry-count')
      if (idempotencyKey === undefined) return attemptsFor(attemptsLeft({ repeats, counted: undefined }))
      const key = keyOf(tenant, idempotencyKey)
      const { before, isStored } = await add(key, 1, attemptsMax).catch(() => ({ before: 0, isStored: false }))
      const max = attemptsLeft({ repeats, counted: before })
      if (max === 0) throw usedUp()
      if (!isStored) return attemptsFor(max)
      // A request's own changes to the count are made one after the other, so that they do not compete with each other.
      let last: Promise<unknown> = Promise.resolve()
      return attemptsFor(max, (made) => {
        last = last.then(() => add(key, made)).catch(() => undefined)
        return last
      })
    },
  }
}

/** `count` adds to the stored count, which has the first attempt already; without it nothing is stored. */
function attemptsFor(max: number, count?: (made: number) => Promise<unknown>): RequestAttempts {
  let made = 0
  let isOver = false
  let counting: Promise<unknown> | undefined
  const add = (more: number) => {
    counting = count?.(more)
  }
  const takeBack = () => add(-Math.max(1, made))
  return {
    max,
    begin() {
      made += 1
      if (made > 1) add(1)
    },
    succeeded() {
      if (!isOver) takeBack()
      isOver = true
    },
    async failed(thrown) {
      const error = foreseen(thrown)
      if (!isAttempt(thrown) && !isOver) takeBack()
      isOver = true
      await counting
      return count === undefined || !isAttempt(thrown) || made < max ? error : asLast(error)
    },
    async left() {
      if (made === 0 && !isOver) takeBack()
      isOver = true
      await counting
    },
  }
}

/** The attempts of the request that this response answers. Throws `upstream_error` when the request and its repeats have had all of them. */
export function attemptsOf(attempts: AttemptCounts, response: ServerResponse): Promise<RequestAttempts> {
  const { tenant } = identityOf(response)
  return attempts.of({ tenant, get: (header) => headerOf(response.req, header) })
}

function keyOf(tenant: string, idempotencyKey: string): string {
  return `attempts.${createHash('sha256').update(`${tenant}\n${idempotencyKey}`).digest('hex')}`
}

/** Failures that count as attempts: those of models and of the way to them. A call that is refused before it is made is none, nor is a faulty request. */
const attemptCodes: ReadonlySet<ModelErrorCode> = new Set([
  'upstream_error',
  'timeout',
  'rate_limit_exceeded',
  'authentication',
  'permission',
])

function isAttempt(thrown: unknown): boolean {
  return thrown instanceof ModelError && attemptCodes.has(thrown.code)
}

/** The error of the last attempt: not retryable, because a repeat would be refused. */
function asLast(thrown: unknown): WeftError {
  const { code, message, details, param } = toWeftError(thrown)
  return new WeftError(code, message, { isRetryable: false, details, cause: thrown, ...(param === undefined ? {} : { param }) })
}

function usedUp(): WeftError {
  const message = `The requests with this Idempotency-Key have had their ${attemptsMax} attempts at models. Use another key to try again.`
  return new WeftError('upstream_error', message, { isRetryable: false })
}
