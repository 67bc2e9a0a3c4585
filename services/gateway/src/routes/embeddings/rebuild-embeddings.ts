import type { EmbeddingsState, SteerEmbedding } from '@weft/retrieval'
import type { RequestHandler, Router } from 'express'
import type { AuditLog } from '../../audit/audit-log.ts'
import { requireOperator } from '../../core/tenant.ts'
import { actorOf, tenantOf } from '../../http/request-context.ts'

export type EmbeddingsDeps = {
  /** Calls the rag service, which makes the vectors. */
  steer(request: SteerEmbedding): Promise<EmbeddingsState>
  audit: Pick<AuditLog, 'note'>
}

/**
 * `GET /v1/embeddings/rebuild` tells how far a rebuild is, or what one would take; `POST` begins one, and `DELETE` ends it. A rebuild concerns all tenants, so only
 * the operator may use these.
 */
export function mountRebuildEmbeddings(router: Router, { steer, audit }: EmbeddingsDeps, isAdmin: RequestHandler): void {
  const answer =
    (action: SteerEmbedding['action']): RequestHandler =>
    async (_request, response) => {
      requireOperator(tenantOf(response), 'vectors are made')
      if (action !== 'look') await audit.note(actorOf(response), { action: auditActions[action], target: 'embeddings' })
      response.json({ object: 'embeddings.rebuild', ...(await steer({ action })) })
    }
  router.get('/v1/embeddings/rebuild', isAdmin, answer('look'))
  router.post('/v1/embeddings/rebuild', isAdmin, answer('rebuild'))
  router.delete('/v1/embeddings/rebuild', isAdmin, answer('cancel'))
}

const auditActions = { rebuild: 'embeddings.rebuild_started', cancel: 'embeddings.rebuild_cancelled' } as const
