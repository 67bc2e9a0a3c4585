import type { Database } from '@weft/database'
import { createSharedState, type Sidecar } from '@weft/mesh'
import {
  type AnswerCache,
  chosenEmbedder,
  createAnswerCache,
  createBreakerBoard,
  createEmbedder,
  createModels,
  createPostgresAnswers,
  createPostgresRouting,
  createRoutingMemory,
  ModelError,
  type ModelsOptions,
  type startBudgets,
} from '@weft/models'
import type { Log } from './log.ts'
import { createMeshEmbedder } from './mesh-embedder.ts'
import type { GatewaySettings } from './settings.ts'

/** The threshold of the semantic cache was measured with this model's vectors. */
const measuredWith = 'local/all-MiniLM-L6-v2'

export interface ModelParts {
  telemetry: ModelsOptions['telemetry'] & { logger: Pick<Log, 'warn'> }
  database: Database
  budgets: Pick<ReturnType<typeof startBudgets>, 'gate'>
  sidecar: Sidecar
}

/** The models that requests go straight to, what is learned of them, and the answers that are given again. */
export function composeModels(settings: GatewaySettings, { telemetry, database, budgets, sidecar }: ModelParts) {
  const routing = createRoutingMemory({ store: createPostgresRouting(database), logger: telemetry.logger })
  const cache = composeCache(settings, database, telemetry.logger)
  const controls = { budgets: budgets.gate, breakers: createBreakerBoard({ shared: createSharedState(sidecar) }) }
  const localEmbedder = createMeshEmbedder(sidecar)
  return { routing, cache, models: createModels({ settings, telemetry, routing, cache, controls, localEmbedder }) }
}

/** The cache these settings ask for; one by meaning is one of the very same requests where there is no local embedder. */
function composeCache(settings: GatewaySettings, database: Database, logger: Pick<Log, 'warn'>): AnswerCache | undefined {
  if (settings.WEFT_ANSWER_CACHE === 'off') return undefined
  const embedder = settings.WEFT_ANSWER_CACHE === 'semantic' ? measuredEmbedder(settings, logger) : undefined
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

function measuredEmbedder(settings: GatewaySettings, logger: Pick<Log, 'warn'>) {
  try {
    if (chosenEmbedder(settings) === undefined) throw new ModelError('model_not_found', 'WEFT_EMBEDDER is off')
    return createEmbedder(settings, measuredWith)
  } catch (cause) {
    logger.warn('only the very same requests are answered from the cache: there is no local embedder', { cause: String(cause) })
    return undefined
  }
}
