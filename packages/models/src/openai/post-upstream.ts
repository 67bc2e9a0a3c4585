import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { createUpstreamBody, type UpstreamBody } from './upstream-body.ts'

export interface UpstreamPost {
  dispatcher: Dispatcher
  origin: string
  path: string
  headers: Record<string, string>
  body: string
  /** Aborting it ends the call; reading then throws its reason. */
  signal: AbortSignal
}

export interface UpstreamAnswer extends Pick<UpstreamBody, 'bytes' | 'next' | 'taken' | 'more'> {
  status: number
  headers: IncomingHttpHeaders
}

/** Sends a body, and settles once status and headers have come. Uses undici's events, because its streams cost more than all else that a short answer takes. */
export function postUpstream({ dispatcher, signal, ...request }: UpstreamPost): Promise<UpstreamAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>()
  const body = createUpstreamBody()
  // A call that still waits for its connection ends at once, and is not sent when the connection is there.
  const abort = () => {
    body.abort(signal.reason)
    reject(signal.reason)
  }
  const end = (failure?: Error) => {
    signal.removeEventListener('abort', abort)
    body.end(failure)
  }
  signal.addEventListener('abort', abort)
  dispatcher.dispatch(
    { ...request, method: 'POST', headersTimeout: 0, bodyTimeout: 0 },
    {
      onRequestStart(controller) {
        body.attach(controller)
        if (signal.aborted) abort()
      },
      onResponseStart(_controller, status, headers) {
        if (status >= 200) resolve({ status, headers, bytes: body.bytes, next: body.next, taken: body.taken, more: body.more })
      },
      onResponseData: (_controller, bytes) => body.add(bytes),
      onResponseEnd: () => end(),
      onResponseError(_controller, error) {
        end(error)
        reject(error)
      },
    },
  )
  return promise
}
