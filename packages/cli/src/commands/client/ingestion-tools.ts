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
  /** Whether files that are gone leave the store: `careful` keeps them when they are most of what there was. */
  removals: 'careful' | 'confirmed' | 'none'
  /** What the mesh's embedder costs a million tokens, for what a dry run says of cost; absent: not known. */
  embedderUsd?: number | undefined
  /** The mesh's WEFT_CONTEXT_MODEL, for the same; absent: none. */
  contextModel?: ContextModel | undefined
}

/** What an ingestion works with: the server, the terminal, and a clock. */
export type IngestionTools = {
  knowledge: KnowledgeApi
  terminal: Terminal
  now: () => number
  sleep: (ms: number) => Promise<void>
}

/** And a note of what is half done, and of how fast it went before. */
export type SyncTools = IngestionTools & { journal: UploadJournal; rate?: SyncRate }
