import { appSettings, databaseSettings, readSettings, telemetrySettings } from '@weft/settings'
import { z } from 'zod'

export const OrchestratorSettings = z.object({
  ...appSettings.shape,
  ...databaseSettings.shape,
  ...telemetrySettings.shape,
})
export type OrchestratorSettings = z.infer<typeof OrchestratorSettings>

export function readOrchestratorSettings(): OrchestratorSettings {
  return readSettings(OrchestratorSettings)
}
