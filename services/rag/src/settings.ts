import { embedderPattern, rerankerPattern } from '@weft/models'
import { appSettings, databaseSettings, ledgerSettings, readSettings, telemetrySettings } from '@weft/settings'
import { z } from 'zod'

/** Loose: the models package takes the variables its registry names, such as provider keys, from here. */
export const RagSettings = z.looseObject({
  ...appSettings.shape,
  ...databaseSettings.shape,
  ...ledgerSettings.shape,
  ...telemetrySettings.shape,
  /** Which model makes vectors; absent: the local one where its folder is named. Without a model, search goes by words. */
  WEFT_EMBEDDER: z.string().regex(embedderPattern, 'off, local/all-MiniLM-L6-v2, openai/<model> or voyage/<model>').optional(),
  /** Where the local embedding model lies. */
  WEFT_EMBEDDER_FOLDER: z.string().min(1).optional(),
  /** Where the model of WEFT_EMBEDDER is served, when not at its provider's own address. */
  WEFT_EMBEDDER_BASE_URL: z.url().optional(),
  /** Which model puts what was found in its order; absent: none. */
  WEFT_RERANKER: z
    .string()
    .regex(rerankerPattern, 'off, cohere/<model>, voyage/<model>, jina/<model> or judge/<provider>/<model>')
    .optional(),
  /** Where the model of WEFT_RERANKER is served, when not at its provider's own address. */
  WEFT_RERANKER_BASE_URL: z.url().optional(),
  /** Which model makes questions of a conversation stand alone; absent: rules do. */
  WEFT_QUERY_MODEL: z
    .string()
    .regex(/^[^/\s]+\/\S+$/, 'a model as <provider>/<model>')
    .optional(),
  /** A passage is widened within its section up to so many characters before a model reads it; 0 (default): it is read as it was found. */
  WEFT_PASSAGE_CHARS: z.coerce.number().int().min(0).max(20_000).default(0),
  /** Passages less likely than this to hold an answer are not answered from; 0: a model always decides. Default .1 (docs/answers.md). */
  WEFT_ABSTAIN_BELOW: z.coerce.number().min(0).max(1).default(0.1),
  /** Which model reads the text in images that are added as files; absent: images are refused. */
  WEFT_VISION_MODEL: z
    .string()
    .regex(/^[^/\s]+\/\S+$/, '<provider>/<model>')
    .optional(),
  /** Which model says of each passage where it stands in its document, so that it is found by that too; absent: none does. */
  WEFT_CONTEXT_MODEL: z
    .string()
    .regex(/^(?!offline\/)[^/\s]+\/\S+$/, '<provider>/<model>, a model that writes')
    .optional(),
  /** Files read and indexed at once; each large one occupies a thread. */
  WEFT_INGESTION_CONCURRENCY: z.coerce.number().int().min(1).max(16).default(2),
})
export type RagSettings = z.infer<typeof RagSettings>

export function readRagSettings(): RagSettings {
  return readSettings(RagSettings)
}
