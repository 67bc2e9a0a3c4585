import type { RequestHandler, Router } from 'express'
import { getRetention } from './get-retention.ts'
import type { RetentionDeps } from './retention-deps.ts'
import { runRetention } from './run-retention.ts'

/** Retention: how long data is kept. For administrators of the tenant that the data belongs to. */
export function mountRetention(router: Router, deps: RetentionDeps, isAdmin: RequestHandler): void {
  router.get('/v1/retention', isAdmin, getRetention(deps))
  router.post('/v1/retention/run', isAdmin, runRetention(deps))
}
