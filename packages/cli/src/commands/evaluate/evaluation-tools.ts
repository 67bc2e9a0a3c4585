import type { IngestionTools } from '../client/ingestion-tools.ts'
import type { EvaluationApi } from './evaluation-api.ts'

/** What an evaluation works with: the server, the terminal, and a clock for waiting and one for measuring. */
export type EvaluationTools = IngestionTools & { api: EvaluationApi; preciseNowMs: () => number }
