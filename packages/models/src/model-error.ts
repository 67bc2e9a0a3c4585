import { type ProblemCode, WeftError } from '@weft/contracts'
import type { BoundedCall } from './budgets/core/worst-case.ts'

/** Every way a model call fails, and the code other services see for it. */
const problemCodes = {
  invalid_request: 'invalid_request',
  authentication: 'upstream_error',
  permission: 'upstream_error',
  model_not_found: 'model_not_found',
  rate_limit_exceeded: 'rate_limit_exceeded',
  context_length_exceeded: 'invalid_request',
  content_filter: 'invalid_request',
  budget_exceeded: 'budget_exceeded',
  ledger_unavailable: 'dependency_unavailable',
  upstream_error: 'upstream_error',
  timeout: 'timeout',
  model_unavailable: 'dependency_unavailable',
  cancelled: 'upstream_error',
} as const satisfies Record<string, ProblemCode>

export type ModelErrorCode = keyof typeof problemCodes

export interface BreachedBudget {
  id: string
  onBreach: 'reject' | 'degrade' | 'throttle' | 'ask'
  worstNano: number
  /** What is left, and the call that it is too little for. Known only in the process that refused. */
  room?: { leftNano: number; call: BoundedCall } | undefined
}

export interface ModelErrorDetails {
  /** HTTP status the provider answered with, when it answered. */
  upstreamStatus?: number | undefined
  isRetryable?: boolean | undefined
  retryAfterMs?: number | undefined
  /** False when nothing of the request has been sent; default true. */
  wasSent?: boolean | undefined
  /** The request's field that is wrong. */
  param?: string | undefined
  /** The budget that has no room for the call, and what the call may cost in billionths of a US dollar. */
  budget?: BreachedBudget | undefined
  cause?: unknown
}

/**
 * A failed model call. `isRetryable` says whether another attempt may succeed, `retryAfterMs` when the provider named a time.
 * Messages never carry a key: a refused key is named by its variable.
 */
export class ModelError extends Error {
  readonly code: ModelErrorCode
  readonly upstreamStatus: number | undefined
  readonly isRetryable: boolean
  readonly retryAfterMs: number | undefined
  readonly wasSent: boolean
  readonly param: string | undefined
  readonly budget: BreachedBudget | undefined

  constructor(code: ModelErrorCode, message: string, details: ModelErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'ModelError'
    this.code = code
    this.upstreamStatus = details.upstreamStatus
    this.isRetryable = details.isRetryable ?? (code === 'rate_limit_exceeded' || code === 'timeout')
    this.retryAfterMs = details.retryAfterMs
    this.wasSent = details.wasSent ?? true
    this.param = details.param
    this.budget = details.budget
  }

  /** The same failure as other services and clients see it: a provider's 401 is not the client's. */
  toWeftError(): WeftError {
    const { id, onBreach, worstNano } = this.budget ?? {}
    return new WeftError(problemCodes[this.code], this.message, {
      isRetryable: this.isRetryable,
      details: {
        modelError: this.code,
        upstreamStatus: this.upstreamStatus,
        retryAfterMs: this.retryAfterMs,
        budget: this.budget && { id, onBreach, worstNano },
      },
      cause: this,
      ...(this.param === undefined ? {} : { param: this.param }),
    })
  }
}
