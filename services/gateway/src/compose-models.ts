import type { Database } from '@weft/database'
import { createSharedState, type Sidecar } from '@weft/mesh'
import {
  createBreakerBoard,
  createModels,
  createPostgresCalls,
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
  const cache = composeCache(settings, database, logger)
  const localEmbedder = createMeshEmbedder(sidecar)
  return { budgets, ledger, cache, models: createModels({ settings, telemetry, routing, cache, controls, localEmbedder }) }
}
