import { errorMessage } from '@weft/contracts'
import { ModelError, type ModelErrorCode, type ModelErrorDetails } from '../model-error.ts'

/** What is known of a failed upstream call. `keyVariable` is named in the message when the key was refused. */
export interface UpstreamFailure {
  provider: string
  keyVariable?: string | undefined
  status?: number | undefined
  /** The error object of the body: OpenAI's `{message, type, code, param}` or Anthropic's `{type, message}`. */
  error?: unknown
  headers?: { get(name: string): string | null } | undefined
  cause?: unknown
}

/** Turns a provider's answer to a failed call into a ModelError. */
export function explainUpstreamError(failure: UpstreamFailure): ModelError {
  const { provider, status, cause } = failure
  const body = errorFields(failure.error)
  const code = codeOf(status, body)
  const details: ModelErrorDetails = {
    upstreamStatus: status,
    isRetryable: isRetryable(status, code, body),
    retryAfterMs: retryAfterMs(failure.headers),
    param: code === 'invalid_request' ? body.param : undefined,
    cause,
  }
  if (code === 'authentication') {
    return new ModelError(
      code,
      `${provider} refused the API key${failure.keyVariable ? `; check ${failure.keyVariable}` : ''}`,
      details,
    )
  }
  const what = body.message ?? (status === undefined ? 'the connection failed' : `status ${status}`)
  return new ModelError(code, `${provider}: ${what.slice(0, 2_000)}`, details)
}

/** Codes of connections that stood before they broke: the provider may have been in the middle of its answer. */
const brokenOff: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'UND_ERR_BODY_TIMEOUT'])

/** The ModelError for a call that got no answer, or not its end: the connection was refused, reset, or too slow to open, or the host is unknown. */
export function explainConnectionError(provider: string, baseUrl: string, cause: unknown): ModelError {
  const code = deepestCode(cause)
  const wasSent = code !== 'UND_ERR_CONNECT_TIMEOUT'
  const isTimeout = !wasSent || code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT'
  const reason = code ?? errorMessage(cause)
  const what = code !== undefined && brokenOff.has(code) ? 'broke off before its answer was whole' : 'does not answer'
  return new ModelError(
    isTimeout ? 'timeout' : 'upstream_error',
    `${provider} at ${withoutCredentials(baseUrl)} ${what} (${reason})`,
    {
      isRetryable: true,
      wasSent,
      cause,
    },
  )
}

/** The ModelError for a stream that ended before its answer did. */
export function unfinishedStream(provider: string): ModelError {
  return new ModelError('upstream_error', `${provider} ended the stream before the answer was finished`, { isRetryable: true })
}

/** An address without user and password, because messages reach clients and logs. */
function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//')
}

interface ErrorFields {
  message?: string | undefined
  type?: string | undefined
  code?: string | undefined
  param?: string | undefined
}

function errorFields(error: unknown): ErrorFields {
  if (typeof error === 'string') return { message: error }
  if (typeof error !== 'object' || error === null) return {}
  if ('error' in error && typeof error.error === 'object') return errorFields(error.error)
  return { message: text(error, 'message'), type: text(error, 'type'), code: text(error, 'code'), param: text(error, 'param') }
}

function text(record: object, key: string): string | undefined {
  const value: unknown = Reflect.get(record, key)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** How providers that send no code tell that a request is too long. */
const contextWords = /context (length|window)|maximum context|prompt is too long|too many (input )?tokens|input is too long/i
const filterCodes = new Set(['content_filter', 'content_policy_violation', 'responsible_ai_policy_violation'])

function codeOf(status: number | undefined, body: ErrorFields): ModelErrorCode {
  if (body.code === 'context_length_exceeded' || (isRefusal(status) && contextWords.test(body.message ?? '')))
    return 'context_length_exceeded'
  if (body.code !== undefined && filterCodes.has(body.code)) return 'content_filter'
  if (body.code === 'model_not_found') return 'model_not_found'
  if (status !== undefined) return codeOfStatus(status)
  return codeOfType(body)
}

function isRefusal(status: number | undefined): boolean {
  return status === undefined || status === 400 || status === 413 || status === 422
}

function codeOfStatus(status: number): ModelErrorCode {
  if (status === 401) return 'authentication'
  if (status === 402 || status === 403) return 'permission'
  if (status === 404) return 'model_not_found'
  if (status === 408 || status === 504) return 'timeout'
  if (status === 429) return 'rate_limit_exceeded'
  if (status >= 400 && status < 500 && status !== 409) return 'invalid_request'
  return 'upstream_error'
}

/** The code by the type of an error: one that is sent within a stream has no status. */
function codeOfType(body: ErrorFields): ModelErrorCode {
  switch (body.type) {
    case 'invalid_request_error':
      return 'invalid_request'
    case 'authentication_error':
      return 'authentication'
    case 'permission_error':
      return 'permission'
    case 'not_found_error':
      return 'model_not_found'
    case 'rate_limit_error':
    case 'rate_limit_exceeded':
      return 'rate_limit_exceeded'
    case 'timeout_error':
      return 'timeout'
    default:
      return 'upstream_error'
  }
}

/** Whether a retry may help. It does not for an exhausted quota, although providers answer 429 for that too. */
function isRetryable(status: number | undefined, code: ModelErrorCode, body: ErrorFields): boolean {
  if (body.code === 'insufficient_quota') return false
  if (code === 'rate_limit_exceeded' || code === 'timeout') return true
  return code === 'upstream_error' && (status === undefined || status === 409 || status >= 500)
}

/** The wait that the headers ask for: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date. */
function retryAfterMs(headers: UpstreamFailure['headers']): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '')
  if (ms >= 0) return ms
  const after = headers?.get('retry-after')
  if (after == null) return undefined
  const seconds = Number(after)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000)
  const at = Date.parse(after)
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now())
}

function deepestCode(thrown: unknown): string | undefined {
  let found: string | undefined
  let error = thrown
  for (let depth = 0; depth < 5 && typeof error === 'object' && error !== null; depth++) {
    found = text(error, 'code') ?? found
    error = 'cause' in error ? error.cause : undefined
  }
  return found
}
