import type { Telemetry } from '@weft/telemetry'
import { Router } from 'express'

/** One dependency of a service. A check that is not `isRequired` shows in /healthz but does not make the service unready. */
export interface HealthCheck {
  name: string
  isRequired: boolean
  check(): Promise<boolean>
}

/** How long one check may take; a slower one counts as failed. */
const checkTimeoutMs = 3_000

/** `degraded`: only checks failed that are not required. */
export interface HealthReport {
  status: 'ok' | 'degraded' | 'unavailable'
  checks: Record<string, 'ok' | 'failed'>
}

/** `/livez` (the process answers), `/readyz` (required checks), `/healthz` (every check, named), `/metrics` (Prometheus text). */
export function healthRoutes(checks: HealthCheck[], telemetry: Pick<Telemetry, 'metricsText'>): Router {
  const router = Router()
  const required = checks.filter((check) => check.isRequired)
  router.get('/livez', (_request, response) => {
    response.json({ status: 'ok', checks: {} })
  })
  router.get('/readyz', async (_request, response) => {
    const report = await runChecks(required)
    response.status(report.status === 'ok' ? 200 : 503).json(report)
  })
  router.get('/healthz', async (_request, response) => {
    const report = await runChecks(checks)
    response.status(report.status === 'unavailable' ? 503 : 200).json(report)
  })
  router.get('/metrics', async (_request, response) => {
    response.type('text/plain; version=0.0.4').send(await telemetry.metricsText())
  })
  return router
}

/** All at once, each for 3 s at most. Never throws. */
export async function runChecks(checks: HealthCheck[]): Promise<HealthReport> {
  const results = await Promise.all(checks.map(async (check) => ({ check, isOk: await passes(check) })))
  const failed = results.filter((result) => !result.isOk)
  return {
    status: failed.length === 0 ? 'ok' : failed.some(({ check }) => check.isRequired) ? 'unavailable' : 'degraded',
    checks: Object.fromEntries(results.map(({ check, isOk }) => [check.name, isOk ? 'ok' : 'failed'])),
  }
}

async function passes(check: HealthCheck): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), checkTimeoutMs)
  })
  try {
    return await Promise.race([check.check(), timeout])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
