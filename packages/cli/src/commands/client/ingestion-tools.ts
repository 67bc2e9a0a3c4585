import type { KnowledgeApi } from './knowledge-api.ts'
import type { Terminal } from './terminal.ts'

/** What an ingestion works with: the server, the terminal, and a clock. */
export type IngestionTools = {
  knowledge: KnowledgeApi
  terminal: Terminal
  now: () => number
  sleep: (ms: number) => Promise<void>
}
