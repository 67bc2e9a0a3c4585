import { type ProblemCode, toWeftError, type WeftError } from '@weft/contracts'

/** OpenAI's error body: all four keys, always; `details` tells who decided an approval, or the hash it has now. */
export interface ApiErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null; details?: unknown }
}

export interface ApiError {
  status: number
  body: ApiErrorBody
  headers: Record<string, string>
}

/** What clients wait when they are told to come back and the failure names no time of its own. */
const retryAfterS = 1
/** Clients honour `retry-after` up to this (openai-node). */
const retryAfterMaxS = 60

/** Any failure as a client sees it. Messages of unforeseen errors stay inside: they may name paths, addresses or data. */
export function toApiError(thrown: unknown): ApiError {
  const error = toWeftError(thrown)
  return { status: error.status, body: apiErrorBody(error), headers: retryHeaders(error) }
}

function apiErrorBody(error: WeftError): ApiErrorBody {
  const message =
    error.code === 'internal_error' ? 'Something went wrong inside Weft; the request id names it in the logs.' : error.message
  const details = error.details === undefined || !tellsDetails.has(error.code) ? {} : { details: error.details }
  return { error: { message, type: typeOf(error.code, error.status), param: error.param ?? null, code: error.code, ...details } }
}

/** Refusals whose details are for the client; those of failures stay inside. */
const tellsDetails: ReadonlySet<ProblemCode> = new Set(['conflict', 'approval_outdated', 'gone'])

function typeOf(code: ProblemCode, status: number): string {
  switch (code) {
    case 'invalid_api_key':
      return 'authentication_error'
    case 'permission_denied':
      return 'permission_error'
    case 'insufficient_quota':
    case 'budget_exceeded':
      return 'insufficient_quota'
    case 'rate_limit_exceeded':
      return 'rate_limit_error'
    default:
      return status < 500 ? 'invalid_request_error' : 'server_error'
  }
}

/** Clients retry 408, 409, 429 and ≥ 500 by themselves: say whether it helps, and when. A spent budget is not filled by asking again. */
function retryHeaders(error: WeftError): Record<string, string> {
  const mayBeRetried = error.status === 402 || error.status === 409 || error.status === 429 || error.status >= 500
  if (!mayBeRetried) return {}
  const named = namedSeconds(error.details)
  // A provider that is overloaded (529, 503) names a time too, though here it is a bad gateway.
  const isTold = error.status === 429 || error.status === 503 || (error.isRetryable && named !== undefined)
  return {
    'x-should-retry': String(error.isRetryable),
    ...(isTold ? { 'retry-after': String(named ?? retryAfterS) } : {}),
  }
}

function namedSeconds(details: unknown): number | undefined {
  const ms = typeof details === 'object' && details !== null && 'retryAfterMs' in details ? details.retryAfterMs : undefined
  return typeof ms === 'number' && ms >= 0 ? Math.min(retryAfterMaxS, Math.max(1, Math.ceil(ms / 1_000))) : undefined
}
