import { appSettings, databaseSettings, ledgerSettings, providerSettings, readSettings, telemetrySettings } from '@weft/settings'
import { z } from 'zod'

export const ReasoningSettings = z.object({
  ...appSettings.shape,
  ...databaseSettings.shape,
  ...ledgerSettings.shape,
  ...providerSettings.shape,
  ...telemetrySettings.shape,
})
export type ReasoningSettings = z.infer<typeof ReasoningSettings>

export function readReasoningSettings(): ReasoningSettings {
  return readSettings(ReasoningSettings)
}
