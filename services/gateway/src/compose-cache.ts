import type { Database } from '@weft/database'
import {
  type AnswerCache,
  accountEmbeddings,
  accountLocally,
  chosenEmbedder,
  createAnswerCache,
  createPostgresAnswers,
  type EmbeddingAccounts,
  localEmbeddingModel,
} from '@weft/models'
import { readKnowledgeVersion } from '@weft/retrieval'
import { createTurnCache, type TurnCache, type TurnCacheOptions } from './answers/turn-cache.ts'
import type { Log } from './log.ts'
import type { createMeshEmbedder } from './mesh-embedder.ts'
import type { GatewaySettings } from './settings.ts'

export interface CacheParts {
  settings: GatewaySettings
  database: Database
  logger: Pick<Log, 'warn'>
  /** Of the model whose vectors the threshold of the semantic cache was measured with. */
  localEmbedder: ReturnType<typeof createMeshEmbedder>
  accounts: EmbeddingAccounts
}

/** The cache these settings ask for; one by meaning is one of the very same requests where there is no local embedder. */
export function composeCache({ settings, database, logger, localEmbedder, accounts }: CacheParts): AnswerCache | undefined {
  const { WEFT_ANSWER_CACHE: kind, WEFT_ANSWER_CACHE_TTL_S: ttlS } = settings
  if (kind === 'off') return undefined
  const hasEmbedder = chosenEmbedder(settings) !== undefined && (settings.WEFT_EMBEDDER_FOLDER ?? '') !== ''
  const isByMeaning = kind === 'semantic' && hasEmbedder
  if (kind === 'semantic' && !isByMeaning)
    logger.warn('only the very same requests are answered from the cache: there is no local embedder', {
      model: localEmbeddingModel.id,
    })
  const embedder = accountLocally(accountEmbeddings(localEmbeddingModel.id, accounts), localEmbedder)
  const embed = async (question: string, tenant: string) => {
    const { vectors } = await embedder.embed({ texts: [question], purpose: 'query', tenant })
    return vectors[0]?.[0] ?? []
  }
  return createAnswerCache({
    store: createPostgresAnswers(database),
    logger,
    ttlMs: ttlS * 1_000,
    embed: isByMeaning ? embed : undefined,
  })
}

interface TurnCacheParts extends Omit<TurnCacheOptions, 'cache' | 'knowledgeVersion'> {
  cache: AnswerCache | undefined
  database: Database
}

/** The same cache, for answers of workflows. */
export function composeTurnCache({ cache, database, ...parts }: TurnCacheParts): TurnCache | undefined {
  if (cache === undefined) return undefined
  return createTurnCache({ ...parts, cache, knowledgeVersion: (place) => readKnowledgeVersion(database, place) })
}
