import type { Database } from '@weft/database'
import { createSharedState, type Sidecar } from '@weft/mesh'
import {
  createModels,
  type EmbeddingAccounts,
  type LiveOverlay,
  type Models,
  openControls,
  type RoutingMemory,
} from '@weft/models'
import type { Telemetry } from '@weft/telemetry'
import { composeCache } from './compose-cache.ts'
import { createMeshEmbedder } from './mesh-embedder.ts'
import type { GatewaySettings } from './settings.ts'

/** The models, and what every call of one has to pass. */
export function composeModels(parts: {
  settings: GatewaySettings
  overlay: LiveOverlay
  telemetry: Pick<Telemetry, 'logger'>
  database: Database
  sidecar: Sidecar
  routing: RoutingMemory
}) {
  const { settings, overlay, telemetry, database, sidecar, routing } = parts
  const { logger } = telemetry
  const callControls = openControls({
    settings,
    service: 'gateway',
    database,
    shared: createSharedState(sidecar),
    logger,
  })
  const { controls } = callControls
  const localEmbedder = createMeshEmbedder(sidecar)
  const accounts: EmbeddingAccounts = { controls, modelOf: (id) => models.get(id), agent: 'gateway' }
  const cache = composeCache({ settings, database, logger, localEmbedder, accounts })
  const models: Models = createModels({ settings, telemetry, routing, cache, controls, localEmbedder, overlay })
  return { callControls, cache, models }
}
