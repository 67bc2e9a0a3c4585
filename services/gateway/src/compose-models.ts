import type { Database } from '@weft/database'
import { createSharedState, type Sidecar } from '@weft/mesh'
import {
  createBreakerBoard,
  createModels,
  createPostgresCalls,
  type EmbeddingAccounts,
  type Models,
  openLedger,
  type RoutingMemory,
  startBudgets,
  unpricedModels,
} from '@weft/models'
import type { Telemetry } from '@weft/telemetry'
import { composeCache } from './compose-cache.ts'
import { createMeshEmbedder } from './mesh-embedder.ts'
import type { GatewaySettings } from './settings.ts'

/** The models, and what every call of one has to pass. */
export function composeModels(parts: {
  settings: GatewaySettings
  telemetry: Pick<Telemetry, 'logger'>
  database: Database
  sidecar: Sidecar
  routing: RoutingMemory
}) {
  const { settings, telemetry, database, sidecar, routing } = parts
  const { logger } = telemetry
  const budgets = startBudgets({ database, logger })
  const ledger = openLedger({
    folder: settings.WEFT_LEDGER_FOLDER,
    service: 'gateway',
    calls: createPostgresCalls(database),
    keepDays: settings.WEFT_LEDGER_DAYS,
    logger,
  })
  const breakers = createBreakerBoard({ shared: createSharedState(sidecar) })
  const controls = { budgets: budgets.gate, breakers, ledger, unpriced: unpricedModels(settings) }
  const localEmbedder = createMeshEmbedder(sidecar)
  const accounts: EmbeddingAccounts = { controls, modelOf: (id) => models.get(id), agent: 'gateway' }
  const cache = composeCache({ settings, database, logger, localEmbedder, accounts })
  const models: Models = createModels({ settings, telemetry, routing, cache, controls, localEmbedder })
  return { budgets, ledger, cache, models }
}
