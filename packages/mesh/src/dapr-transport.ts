import { errorMessage, hasCode, parseJson, type Problem, WeftError } from '@weft/contracts'
import { traceHeaders } from '@weft/telemetry'
import { type Dispatcher, errors, Pool } from 'undici'
import { z } from 'zod'
import { saysUnsent } from './unsent-call.ts'

export interface SidecarRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: string
  body?: unknown
  /** A body that is text already, JSON unless `headers` say otherwise. */
  text?: string
  headers?: Record<string, string> | undefined
  signal?: AbortSignal | undefined
  /** How long the sidecar may be silent, before its answer and within it, in milliseconds; default: for ever. Costs less than a signal for each call. */
  patienceMs?: number | undefined
  /** What the caller is doing, for the error's message: "invoke planner /plan". */
  what: string
}

export type SidecarResponse = Dispatcher.ResponseData

/** Above what an agent may stream in one attempt; a larger answer is cut off with an error. */
const responseBytesMax = 67_108_864

export interface DaprTransport {
  /** Sends one request to the own sidecar. Throws `dependency_unavailable` when it is not reachable, or silent for too long. */
  send(request: SidecarRequest): Promise<SidecarResponse>
  stop(): Promise<void>
}

/** Connections kept to the sidecar; a stream holds one for its whole life. */
const connectionsMax = 1_024

/** Keep-alive HTTP to the own sidecar. Plain HTTP rather than `DaprClient`: see docs/decisions/0002-dapr-over-http.md. */
export function createDaprTransport(options: { httpPort: number; apiToken: string }): DaprTransport {
  const origin = `http://127.0.0.1:${options.httpPort}`
  const pool = new Pool(origin, {
    connections: connectionsMax,
    connect: { timeout: 2_000 },
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: responseBytesMax,
    keepAliveTimeout: 30_000,
  })

  async function send(request: SidecarRequest): Promise<SidecarResponse> {
    const headers: Record<string, string> = { 'dapr-api-token': options.apiToken, ...traceHeaders(), ...request.headers }
    const body = request.text ?? (request.body === undefined ? null : JSON.stringify(request.body))
    if (body !== null) headers['content-type'] ??= 'application/json'
    try {
      return await pool.request({
        method: request.method,
        path: request.path,
        headers,
        body,
        signal: request.signal ?? null,
        ...(request.patienceMs === undefined ? {} : { headersTimeout: request.patienceMs, bodyTimeout: request.patienceMs }),
      })
    } catch (cause) {
      throw transportError(request, cause, 'the sidecar is not reachable')
    }
  }

  return { send, stop: () => pool.destroy() }
}

/**
 * Reads an answer as text. Throws `dependency_unavailable` when it stops or breaks off on the way, `timeout` when the request's signal ends it; an answer
 * that is too large is an error of the program.
 */
export async function readText(response: SidecarResponse, request: SidecarRequest): Promise<string> {
  try {
    return await response.body.text()
  } catch (cause) {
    if (cause instanceof errors.ResponseExceededMaxSizeError) throw cause
    throw transportError(request, cause, 'the answer broke off')
  }
}

/** Whether a call ended because nothing was heard in time, by its own patience or its caller's: what was called may be there, and busy. */
export function isSilence(thrown: unknown): boolean {
  return hasCode(thrown, 'timeout') || (thrown instanceof WeftError && isTimeout(thrown.cause))
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError
}

function transportError({ what, signal, patienceMs = 0 }: SidecarRequest, cause: unknown, whatHappened: string): WeftError {
  if (isTimeout(cause)) {
    return new WeftError('dependency_unavailable', `${what}: no answer within ${patienceMs / 1_000} s`, { cause })
  }
  if (signal?.aborted) return new WeftError('timeout', `${what} was aborted`, { cause, isRetryable: false })
  const reason = errorMessage(cause)
  return new WeftError('dependency_unavailable', `${what}: ${whatHappened} (${reason})`, { cause })
}

const DaprError = z.object({ errorCode: z.string(), message: z.string() }).partial()

/** Reads a failed sidecar answer and throws it as a WeftError; `target` is who did not answer, and `tookMs` how long the answer took, if that says something. */
export async function throwSidecarError(
  response: SidecarResponse,
  { what, target, tookMs }: { what: string; target: string; tookMs?: number },
): Promise<never> {
  // The status says enough where the reason for it does not arrive.
  const text = (await response.body.text().catch(() => '')).slice(0, 2_000)
  const { detail, isOfSidecar, message } = describe(text)
  const isUnsent = isOfSidecar && saysUnsent(message, { appId: target, tookMs })
  const isRetryable = response.statusCode >= 500 || response.statusCode === 429
  const code: Problem['code'] = isRetryable ? 'dependency_unavailable' : 'internal_error'
  throw new WeftError(code, `${what}: ${target} is not available (${response.statusCode}${detail === '' ? '' : `, ${detail}`})`, {
    isRetryable,
    details: { target, isOfSidecar, isUnsent },
  })
}

function describe(text: string): { detail: string; isOfSidecar: boolean; message: string } {
  try {
    const { errorCode, message = '' } = parseJson(DaprError, text, 'the sidecar error')
    const detail = [errorCode, message].filter((part) => part !== undefined && part !== '').join(': ')
    return { detail, isOfSidecar: errorCode !== undefined, message }
  } catch {
    return { detail: text.trim(), isOfSidecar: false, message: '' }
  }
}

/** Whether a call failed without a word of the app it was for: the error's message is the sidecar's then, and names addresses of the mesh. */
export function isUnanswered(thrown: unknown): boolean {
  return hasCode(thrown, 'dependency_unavailable') && !OfApp.safeParse(thrown.details).success
}

const OfApp = z.object({ isOfSidecar: z.literal(false) })
