import { appSettings, databaseSettings, readSettings, telemetrySettings } from '@weft/settings'
import { z } from 'zod'

/** Loose: the models package takes the variables its registry names, such as provider keys, from here. */
export const RagSettings = z.looseObject({
  ...appSettings.shape,
  ...databaseSettings.shape,
  ...telemetrySettings.shape,
  /** Files read and indexed at once; each large one occupies a thread. */
  /** Where the local embedding model lies; without one, search goes by words. */
  WEFT_EMBEDDER_FOLDER: z.string().min(1).optional(),
  WEFT_INGESTION_CONCURRENCY: z.coerce.number().int().min(1).max(16).default(2),
})
export type RagSettings = z.infer<typeof RagSettings>

export function readRagSettings(): RagSettings {
  return readSettings(RagSettings)
}
