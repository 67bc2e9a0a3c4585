import type { Database } from '@weft/database'
import {
  type AnswerCache,
  chosenEmbedder,
  createAnswerCache,
  createEmbedder,
  createPostgresAnswers,
  ModelError,
} from '@weft/models'
import type { Log } from './log.ts'
import type { GatewaySettings } from './settings.ts'

/** The threshold of the semantic cache was measured with this model's vectors. */
const measuredWith = 'local/all-MiniLM-L6-v2'

/** The cache these settings ask for; one by meaning is one of the very same requests where there is no local embedder. */
export function composeCache(settings: GatewaySettings, database: Database, logger: Pick<Log, 'warn'>): AnswerCache | undefined {
  if (settings.WEFT_ANSWER_CACHE === 'off') return undefined
  const embedder = settings.WEFT_ANSWER_CACHE === 'semantic' ? localEmbedder(settings, logger) : undefined
  return createAnswerCache({
    store: createPostgresAnswers(database),
    logger,
    ttlMs: settings.WEFT_ANSWER_CACHE_TTL_S * 1_000,
    embed:
      embedder &&
      (async (question) => {
        const { vectors } = await embedder.embed({ texts: [question], purpose: 'query' })
        return vectors[0]?.[0] ?? []
      }),
  })
}

function localEmbedder(settings: GatewaySettings, logger: Pick<Log, 'warn'>) {
  try {
    if (chosenEmbedder(settings) === undefined) throw new ModelError('model_not_found', 'WEFT_EMBEDDER is off')
    return createEmbedder(settings, measuredWith)
  } catch (cause) {
    logger.warn('only the very same requests are answered from the cache: there is no local embedder', { cause: String(cause) })
    return undefined
  }
}
