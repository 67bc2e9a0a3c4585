import { handle } from '@weft/mesh'
import { type EmbeddingsState, SteerEmbedding } from '@weft/retrieval'
import type { RequestHandler } from 'express'
import type { Embedding } from '../compose-embedding.ts'

/** `POST /embeddings`: looks how far a rebuild is, begins one or ends it; the rows in the database are the work. */
export function steerEmbedding(embedding: Pick<Embedding, 'state' | 'rebuild' | 'cancelRebuild'>): RequestHandler {
  const actions: Record<SteerEmbedding['action'], () => Promise<EmbeddingsState>> = {
    look: embedding.state,
    rebuild: embedding.rebuild,
    cancel: embedding.cancelRebuild,
  }
  return handle(SteerEmbedding, ({ action }) => actions[action]())
}
