import { errorMessage } from './error-message.ts'
import { z } from 'zod'

/** Every code a Weft service may answer with, and the HTTP status the gateway shows for it. */
export const problemStatus = {
  invalid_request: 400,
  invalid_plan: 400,
  invalid_api_key: 401,
  insufficient_quota: 402,
  budget_exceeded: 402,
  permission_denied: 403,
  not_found: 404,
  model_not_found: 404,
  method_not_supported: 405,
  conflict: 409,
  session_busy: 409,
  approval_outdated: 409,
  gone: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unprocessable_content: 422,
  rate_limit_exceeded: 429,
  internal_error: 500,
  upstream_error: 502,
  dependency_unavailable: 503,
  timeout: 504,
} as const

export type ProblemCode = keyof typeof problemStatus

const codes = Object.keys(problemStatus) as [ProblemCode, ...ProblemCode[]]

/** What travels between services when something was refused or failed (RFC 9457's idea, Weft's codes). */
export const Problem = z.object({
  code: z.enum(codes),
  message: z.string(),
  param: z.string().optional(),
  isRetryable: z.boolean().default(false),
  details: z.unknown().optional(),
})
export type Problem = z.infer<typeof Problem>

/**
 * An error that may leave a service: a code of {@link problemStatus}, a message that says what is wrong and what to do, and its cause. Unless it says
 * otherwise, it is retryable with the codes `dependency_unavailable`, `timeout` and `rate_limit_exceeded`.
 */
export class WeftError extends Error {
  readonly code: ProblemCode
  readonly param: string | undefined
  readonly isRetryable: boolean
  readonly details: unknown

  constructor(
    code: ProblemCode,
    message: string,
    more: { param?: string; isRetryable?: boolean; details?: unknown; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause })
    this.name = 'WeftError'
    this.code = code
    this.param = more.param
    this.isRetryable =
      more.isRetryable ?? (code === 'dependency_unavailable' || code === 'timeout' || code === 'rate_limit_exceeded')
    this.details = more.details
  }

  get status(): number {
    return problemStatus[this.code]
  }

  toProblem(): Problem {
    return {
      code: this.code,
      message: this.message,
      isRetryable: this.isRetryable,
      ...(this.param === undefined ? {} : { param: this.param }),
      ...(this.details === undefined ? {} : { details: this.details }),
    }
  }
}

/** The WeftError for a problem that came over the wire. */
export function errorFromProblem(problem: Problem): WeftError {
  const { code, message, param, isRetryable, details } = problem
  return new WeftError(code, message, { isRetryable, details, ...(param === undefined ? {} : { param }) })
}

/** Whether what was thrown is a WeftError with one of these codes. */
export function hasCode(thrown: unknown, ...codes: ProblemCode[]): thrown is WeftError {
  return thrown instanceof WeftError && codes.includes(thrown.code)
}

/** Whatever was thrown, as a WeftError; an unknown error becomes `internal_error` with the original as its cause. */
export function toWeftError(thrown: unknown): WeftError {
  if (thrown instanceof WeftError) return thrown
  const message = errorMessage(thrown)
  return new WeftError('internal_error', message, { cause: thrown })
}
