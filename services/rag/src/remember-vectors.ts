import { createHash } from 'node:crypto'
import type { Embeddings } from '@weft/contracts'
import type { CallScope, RunningEmbedder } from '@weft/models'

type Request = Parameters<RunningEmbedder['embed']>[0] & { scope: CallScope }

/** Embeds, but for a question whose vector is known. */
export type EmbedOnce = (embedder: Pick<RunningEmbedder, 'id' | 'embed'>, request: Request) => Promise<Embeddings>

/** A vector of 384 dimensions takes 1.5 kB, one of 3,072 takes 12; a question, however long, takes its hash. */
const questionsMaxDefault = 500

/**
 * Remembers the vectors of the questions asked last, 500 by default: whoever narrows a search by a filter, or asks for more of it, has the same question
 * embedded once. Each tenant has its own, so that nobody learns from an answer's time what others ask.
 */
export function rememberVectors(questionsMax = questionsMaxDefault): EmbedOnce {
  const known = new Map<string, Embeddings>()

  function remember(key: string, answer: Embeddings): void {
    known.delete(key)
    known.set(key, answer)
    const [oldest] = known.keys()
    if (known.size > questionsMax && oldest !== undefined) known.delete(oldest)
  }

  return async (embedder, request) => {
    const [text, ...others] = request.texts
    if (request.purpose !== 'query' || text === undefined || others.length > 0) return embedder.embed(request)
    const question = JSON.stringify([embedder.id, request.scope.tenant, text])
    const key = createHash('sha256').update(question).digest('base64')
    const answer = known.get(key) ?? (await embedder.embed(request))
    if (answer.vectors[0]?.[0] !== undefined) remember(key, { ...answer, inputTokens: 0 })
    return answer
  }
}
