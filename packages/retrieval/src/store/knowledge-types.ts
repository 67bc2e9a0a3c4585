import type { Attributes, ChunkingStrategy } from '@weft/contracts'

/** An uploaded file. `contentHash` is the SHA-256 of its bytes in hexadecimal. */
export type StoredFile = {
  id: string
  filename: string
  bytes: number
  purpose: string
  contentHash: string
  createdAt: Date
  /** Soon after which it is deleted; null: it stays. */
  expiresAt: Date | null
}

export type FileCounts = { inProgress: number; completed: number; failed: number; cancelled: number; total: number }

/**
 * `status` is `in_progress` while any file of the store is; `usageBytes` counts the indexed text of its completed files. An `expired` store is
 * searched and filled no more, and soon empty.
 */
export type VectorStore = {
  id: string
  name: string
  metadata: Record<string, string>
  status: 'in_progress' | 'completed' | 'expired'
  usageBytes: number
  fileCounts: FileCounts
  createdAt: Date
  lastActiveAt: Date
  /** Days without a search, a new file or a new expiry after which it expires; null: it does not. */
  expiresAfterDays: number | null
  expiresAt: Date | null
}

export const vectorStoreFileStatuses = ['in_progress', 'completed', 'failed', 'cancelled'] as const
export type VectorStoreFileStatus = (typeof vectorStoreFileStatuses)[number]

/** Codes of OpenAI's `last_error` of a file in a vector store. */
export type IngestErrorCode = 'server_error' | 'unsupported_file' | 'invalid_file'
export type IngestError = { code: IngestErrorCode; message: string }

/** A file's place in a vector store; a row `in_progress` is the durable job of indexing it. */
export type VectorStoreFile = {
  fileId: string
  vectorStoreId: string
  filename: string
  status: VectorStoreFileStatus
  lastError: IngestError | null
  attributes: Attributes
  chunkingStrategy: ChunkingStrategy
  usageBytes: number
  createdAt: Date
}

export type FileBatch = {
  id: string
  vectorStoreId: string
  status: VectorStoreFileStatus
  fileCounts: FileCounts
  createdAt: Date
}

/** One page of a list, newest first unless `order` says otherwise; `after` and `before` are ids of items of the same list. */
export type PageRequest = { limit?: number; order?: 'asc' | 'desc'; after?: string; before?: string }
export type Page<T> = { data: T[]; hasMore: boolean }

export type Owned = { tenant: string }
export type InStore = Owned & { vectorStoreId: string }
export type InStoreFile = InStore & { fileId: string }

/**
 * Files, vector stores and what connects them, for one tenant at a time: an id of another tenant is `not_found`.
 * Every method throws WeftError: `not_found` with `param`, `invalid_request`, `payload_too_large`, `conflict`, `gone` for
 * what an expired vector store does no more, or `dependency_unavailable` when the database is not reachable.
 */
export type KnowledgeStore = FileMethods & VectorStoreMethods & VectorStoreFileMethods & FileBatchMethods

export type FileMethods = {
  /**
   * Stores the bytes as they arrive, in parts of at most 1 MiB; memory does not grow with the file. Nothing is kept when the stream
   * fails, `signal` aborts, or more than `knowledgeLimits.fileBytesMax` bytes arrive (`payload_too_large`). What the stream throws is
   * thrown as it is. `purpose` may be a function, asked once the content has ended: a form may name the purpose after the bytes.
   * `expiresAfterS`, asked then too, says how many seconds later the file may be deleted. `uploadKey` names this upload: sent again under it, the file that is there is answered, and `conflict` thrown where its bytes are others.
   */
  createFile(
    input: Owned & {
      filename: string
      purpose?: string | (() => string)
      content: AsyncIterable<Uint8Array>
      signal?: AbortSignal
      uploadKey?: string | undefined
      expiresAfterS?: () => number | undefined
    },
  ): Promise<StoredFile>
  /** Gives the file another name, in citations and search results too; nothing is indexed again. */
  renameFile(input: Owned & { fileId: string; filename: string }): Promise<StoredFile>
  getFile(input: Owned & { fileId: string }): Promise<StoredFile>
  listFiles(input: Owned & PageRequest & { purpose?: string }): Promise<Page<StoredFile>>
  /** Deletes the file, its text, and its chunks in every vector store. Answers whether it was there. */
  deleteFile(input: Owned & { fileId: string }): Promise<boolean>
  /** The file's bytes, part by part. */
  readContent(input: Owned & { fileId: string }): AsyncIterable<Uint8Array>
  /** Files with these content hashes the tenant already has, so that a repeated upload can be left out. */
  findFilesByHash(input: Owned & { contentHashes: string[] }): Promise<StoredFile[]>
}

export type VectorStoreMethods = {
  /** `fileIds` are added at once and wait for indexing. */
  createVectorStore(
    input: Owned & {
      name?: string
      metadata?: Record<string, string>
      fileIds?: string[]
      chunkingStrategy?: ChunkingStrategy
      expiresAfterDays?: number
    },
  ): Promise<VectorStore>
  getVectorStore(input: InStore): Promise<VectorStore>
  /** Of a store that may be searched. Quicker than the whole store, whose files are counted. */
  getSearchableMetadata(input: InStore): Promise<Record<string, string>>
  listVectorStores(input: Owned & PageRequest): Promise<Page<VectorStore>>
  /** `expiresAfterDays`: null takes the expiry away; giving one counts as a use. */
  updateVectorStore(
    input: InStore & { name?: string; metadata?: Record<string, string>; expiresAfterDays?: number | null },
  ): Promise<VectorStore>
  /** Deletes the store and its chunks; the files stay. Answers whether it was there. */
  deleteVectorStore(input: InStore): Promise<boolean>
  /** Ids of every vector store of the tenant that may be searched, newest first, at most `limit` (default 100). */
  listVectorStoreIds(input: Owned & { limit?: number }): Promise<string[]>
}

export type VectorStoreFileMethods = {
  /** Adds a file `in_progress`, or starts it anew when it is there already. */
  addFile(input: InStoreFile & { attributes?: Attributes; chunkingStrategy?: ChunkingStrategy }): Promise<VectorStoreFile>
  getVectorStoreFile(input: InStoreFile): Promise<VectorStoreFile>
  listVectorStoreFiles(
    input: InStore & PageRequest & { filter?: VectorStoreFileStatus; batchId?: string },
  ): Promise<Page<VectorStoreFile>>
  /** Replaces the attributes that search filters use, on the file and its chunks. */
  updateAttributes(input: InStoreFile & { attributes: Attributes }): Promise<VectorStoreFile>
  /** Takes the file out of the store with its chunks; the file itself stays. Answers whether it was there. */
  removeFile(input: InStoreFile): Promise<boolean>
  /** The file's parsed text as search sees it. */
  readText(input: InStoreFile): Promise<{ filename: string; attributes: Attributes; text: string }>
}

export type FileBatchMethods = {
  addFiles(
    input: InStore & { files: { fileId: string; attributes?: Attributes; chunkingStrategy?: ChunkingStrategy }[] },
  ): Promise<FileBatch>
  getFileBatch(input: InStore & { batchId: string }): Promise<FileBatch>
  /** Files of the batch that are not completed yet become `cancelled`, and nothing of them is found. */
  cancelFileBatch(input: InStore & { batchId: string }): Promise<FileBatch>
}
