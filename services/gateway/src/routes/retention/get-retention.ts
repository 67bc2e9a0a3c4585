import type { RequestHandler } from 'express'
import { tenantOf } from '../../http/request-context.ts'
import type { RetentionDeps } from './retention-deps.ts'

/** `GET /v1/retention`: how long the tenant's data is kept, how much is due to be archived, and where the archive is. */
export function getRetention({ store, archive, limitsOf }: RetentionDeps): RequestHandler {
  return async (_request, response) => {
    const tenant = tenantOf(response)
    const limits = limitsOf(tenant)
    const { sessions = 'none', calls = 'none', audit = 'none' } = limits
    response.json({
      object: 'retention',
      tenant,
      days: { sessions, calls, audit },
      due: await store.due(tenant, limits),
      removedUntil: await store.removedUntil(tenant),
      archive: { folder: archive.folder ?? null, problem: (await archive.problem()) ?? null },
    })
  }
}
