import type { Metrics } from '@weft/telemetry'
import type { Handler } from './handler.ts'

/** How long answers took until their end, by route and status; their count is that of this series. */
export function countRequests(metrics: Pick<Metrics, 'histogram'>): Handler {
  const durations = metrics.histogram('weft_http_request_seconds', 'Time until a request of the public API was answered whole')
  return (request, response, next) => {
    const startMs = performance.now()
    response.once('close', () => {
      const { method = 'GET' } = request
      const labels = { route: routeOf(request), method, status: String(response.statusCode) }
      durations.record((performance.now() - startMs) / 1_000, labels)
    })
    next()
  }
}

/** The route's pattern and not the path, which may hold any id: a label has to have few values. */
function routeOf(request: { route?: { path?: unknown } }): string {
  const path = request.route?.path
  return typeof path === 'string' ? path : 'none'
}
