import type { ContextModel } from './header-cost.ts'
import type { KnowledgeApi } from './knowledge-api.ts'
import type { Terminal } from './terminal.ts'
import type { SyncRate } from './sync-rate.ts'
import type { UploadJournal } from './upload-journal.ts'

export type IngestionRequest = {
  paths: string[]
  storeName: string
  isDryRun: boolean
  fileBytesMax: number
  excludedFolders: string[]
  /** Whether files that are gone are removed from the store. `careful` keeps them when they are most of what was there. */
  removals: 'careful' | 'confirmed' | 'none'
  /** The embedder's price per million tokens, for the estimate of a dry run; undefined when it is not known. */
  embedderUsd?: number | undefined
  /** The mesh's WEFT_CONTEXT_MODEL, for the same estimate; undefined when none is set up. */
  contextModel?: ContextModel | undefined
}

/** What an ingestion works with: the server, the terminal, and a clock. */
export type IngestionTools = {
  knowledge: KnowledgeApi
  terminal: Terminal
  now: () => number
  sleep: (ms: number) => Promise<void>
}

/** The same with a journal of unfinished uploads, and the rate of earlier runs. */
export type SyncTools = IngestionTools & { journal: UploadJournal; rate?: SyncRate }
