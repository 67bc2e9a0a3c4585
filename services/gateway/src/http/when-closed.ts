import type { ServerResponse } from 'node:http'

/**
 * Calls `act` once a response is closed, because it is complete or its reader has left; at once where that happened before. A reader may leave while its
 * request waits for something, and the event that says so does not come a second time.
 */
export function whenClosed(response: ServerResponse, act: () => void): void {
  if (response.closed) act()
  else response.once('close', act)
}

/** Aborts once a response is closed: nobody waits for what is worked on for it any more. */
export function untilClosed(response: ServerResponse): AbortSignal {
  const reader = new AbortController()
  whenClosed(response, () => reader.abort())
  return reader.signal
}
