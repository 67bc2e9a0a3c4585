import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import type { Attributes, ChunkingStrategy } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import type { IngestionJob } from '../../search/search-types.ts'
import { createKnowledgeStore } from '../../store/knowledge-store.ts'
import type { KnowledgeStore } from '../../store/knowledge-types.ts'
import { createFileReader, type FileReader } from '../file-reader.ts'

export const tenant = 'acme'

export type IngestPlace = {
  readonly database: Database
  readonly store: KnowledgeStore
  readonly reader: FileReader
  /** A new, empty store for each test. */
  readonly vectorStoreId: string
  /** Puts a file into the store, to be indexed. */
  add(
    filename: string,
    content: string | Buffer,
    options?: { attributes?: Attributes; chunkingStrategy?: ChunkingStrategy },
  ): Promise<IngestionJob>
}

/** Sets up what tests of ingestion need: the embedded database and a reader for all tests of a test file, and an empty vector store for each test. */
export function setUpIngestPlace(): IngestPlace {
  let test: TestDatabase
  let store: KnowledgeStore
  let reader: FileReader
  let vectorStoreId: string

  beforeAll(async () => {
    test = await startTestDatabase()
    store = createKnowledgeStore(test.database)
    reader = createFileReader()
  })
  afterAll(async () => {
    await reader.stop()
    await test.stop()
  })
  beforeEach(async () => {
    await sql`truncate files, vector_stores cascade`.execute(test.database.db)
    vectorStoreId = (await store.createVectorStore({ tenant, name: 'Docs' })).id
  })

  return {
    get database() {
      return test.database
    },
    get store() {
      return store
    },
    get reader() {
      return reader
    },
    get vectorStoreId() {
      return vectorStoreId
    },
    async add(filename, content, options = {}) {
      async function* bytes() {
        yield Buffer.from(content)
      }
      const { id: fileId } = await store.createFile({ tenant, filename, content: bytes() })
      const job = { tenant, vectorStoreId, fileId }
      await store.addFile({ ...job, ...options })
      return job
    },
  }
}
