import { appSettings, databaseSettings, readSettings, telemetrySettings } from '@weft/settings'
import { z } from 'zod'

export const PlannerSettings = z.object({
  ...appSettings.shape,
  ...databaseSettings.shape,
  ...telemetrySettings.shape,
  /** App ids of the agents whose cards make up the capability registry, in order of preference. */
  WEFT_AGENTS: z
    .string()
    .default('rag,reasoning')
    .transform((ids) =>
      ids
        .split(',')
        .map((id) => id.trim())
        .filter((id) => id !== ''),
    ),
})
export type PlannerSettings = z.infer<typeof PlannerSettings>

export function readPlannerSettings(): PlannerSettings {
  return readSettings(PlannerSettings)
}
