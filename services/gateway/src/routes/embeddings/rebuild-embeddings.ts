import type { EmbeddingsState, SteerEmbedding } from '@weft/retrieval'
import type { RequestHandler, Router } from 'express'
import { requireOperator } from '../../core/tenant.ts'
import { tenantOf } from '../../http/request-context.ts'

/** Reaches the rag service, which makes vectors. */
export type EmbeddingsDeps = { steer(request: SteerEmbedding): Promise<EmbeddingsState> }

/**
 * `GET`, `POST` and `DELETE /v1/embeddings/rebuild`: how far it is or what it would take, begins it, ends it. For all tenants at
 * once, so only whoever runs the mesh may.
 */
export function mountRebuildEmbeddings(router: Router, { steer }: EmbeddingsDeps, isAdmin: RequestHandler): void {
  const answer =
    (action: SteerEmbedding['action']): RequestHandler =>
    async (_request, response) => {
      requireOperator(tenantOf(response), 'vectors are made')
      response.json({ object: 'embeddings.rebuild', ...(await steer({ action })) })
    }
  router.get('/v1/embeddings/rebuild', isAdmin, answer('look'))
  router.post('/v1/embeddings/rebuild', isAdmin, answer('rebuild'))
  router.delete('/v1/embeddings/rebuild', isAdmin, answer('cancel'))
}
