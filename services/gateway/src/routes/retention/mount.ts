import type { RequestHandler, Router } from 'express'
import { getRetention } from './get-retention.ts'
import type { RetentionDeps } from './retention-deps.ts'
import { runRetention } from './run-retention.ts'

/** For how long things are kept; for administrators of the tenant whose they are. */
export function mountRetention(router: Router, deps: RetentionDeps, isAdmin: RequestHandler): void {
  router.get('/v1/retention', isAdmin, getRetention(deps))
  router.post('/v1/retention/run', isAdmin, runRetention(deps))
}
