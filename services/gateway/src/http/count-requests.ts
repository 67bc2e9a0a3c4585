import type { Metrics } from '@weft/telemetry'
import type { RequestHandler } from 'express'

/** Counts answers by route and status, and how long they took until their end. */
export function countRequests(metrics: Pick<Metrics, 'counter' | 'histogram'>): RequestHandler {
  const requests = metrics.counter('weft_http_requests_total', 'Answered requests of the public API')
  const durations = metrics.histogram('weft_http_request_seconds', 'Time until a request of the public API was answered whole')
  return (request, response, next) => {
    const startMs = performance.now()
    response.once('close', () => {
      const labels = { route: routeOf(request), method: request.method, status: String(response.statusCode) }
      requests.add(1, labels)
      durations.record((performance.now() - startMs) / 1_000, { route: labels.route })
    })
    next()
  }
}

/** The route's pattern: paths hold ids, of which there is no end. */
function routeOf(request: { route?: { path?: unknown } }): string {
  const path = request.route?.path
  return typeof path === 'string' ? path : 'none'
}
