import type { Attributes, ChunkingStrategy } from '@weft/contracts'

/** An uploaded file. `contentHash` is the SHA-256 of its bytes in hexadecimal. */
export type StoredFile = {
  id: string
  filename: string
  bytes: number
  purpose: string
  contentHash: string
  createdAt: Date
  /** Soon after this time the file is deleted; null for a file that stays. */
  expiresAt: Date | null
}

export type FileCounts = { inProgress: number; completed: number; failed: number; cancelled: number; total: number }

/**
 * A vector store. `status` is `in_progress` while that of any of its files is. `usageBytes` counts the indexed text of its completed files. An `expired` store can no
 * longer be searched or filled, and is soon emptied.
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
  /** It expires after this many days without a search, a new file or a new expiry; null for a store that does not expire. */
  expiresAfterDays: number | null
  expiresAt: Date | null
}

export const vectorStoreFileStatuses = ['in_progress', 'completed', 'failed', 'cancelled'] as const
export type VectorStoreFileStatus = (typeof vectorStoreFileStatuses)[number]

/** Codes of OpenAI's `last_error` of a file in a vector store. */
export type IngestErrorCode = 'server_error' | 'unsupported_file' | 'invalid_file'
export type IngestError = { code: IngestErrorCode; message: string }

/** A file in a vector store. Its row with the status `in_progress` is the durable job of indexing it. */
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

/** The request for a page of a list; newest first, unless `order` says otherwise. `after` and `before` are ids of items of the same list. */
export type PageRequest = { limit?: number; order?: 'asc' | 'desc'; after?: string; before?: string }
export type Page<T> = { data: T[]; hasMore: boolean }

export type Owned = { tenant: string }
export type InStore = Owned & { vectorStoreId: string }
export type InStoreFile = InStore & { fileId: string }

/**
 * Files, vector stores, and the files within vector stores. Each call is for one tenant, and an id of another tenant is `not_found`. Every method throws WeftError:
 * `not_found` with `param`, `invalid_request`, `payload_too_large`, `conflict`, `gone` for what is no longer possible with an expired vector store, or
 * `dependency_unavailable` when the database does not answer.
 */
export type KnowledgeStore = FileMethods & VectorStoreMethods & VectorStoreFileMethods & FileBatchMethods

export type FileMethods = {
  /**
   * Stores the bytes as they arrive, in parts of at most 1 MiB, so that memory does not grow with the file. Nothing is kept when the stream fails, `signal` aborts, or
   * more than `knowledgeLimits.fileBytesMax` bytes arrive (`payload_too_large`). What the stream throws is thrown as it is. `purpose` may be a function, which is called
   * once the content has ended, because a form may name the purpose after the bytes. So is `expiresAfterS`, which answers the seconds until the file may be deleted.
   * `uploadKey` names this upload: when it is repeated, the file that is there is answered, or `conflict` thrown if its bytes are different.
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
  /** Gives the file another name, also in citations and search results. Nothing is indexed again. */
  renameFile(input: Owned & { fileId: string; filename: string }): Promise<StoredFile>
  getFile(input: Owned & { fileId: string }): Promise<StoredFile>
  listFiles(input: Owned & PageRequest & { purpose?: string }): Promise<Page<StoredFile>>
  /** Deletes the file, its text, and its chunks in every vector store. Answers whether there was such a file. */
  deleteFile(input: Owned & { fileId: string }): Promise<boolean>
  /** The file's bytes, part by part. */
  readContent(input: Owned & { fileId: string }): AsyncIterable<Uint8Array>
  /** The tenant's files with these content hashes, so that a repeated upload can be left out. */
  findFilesByHash(input: Owned & { contentHashes: string[] }): Promise<StoredFile[]>
}

export type VectorStoreMethods = {
  /** Makes a store. The files of `fileIds` are added to it, and wait for indexing. */
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
  /** The metadata of a store; throws `gone` for an expired one. Faster than `getVectorStore`, which counts the files. */
  getSearchableMetadata(input: InStore): Promise<Record<string, string>>
  listVectorStores(input: Owned & PageRequest): Promise<Page<VectorStore>>
  /** Changes what is given. `expiresAfterDays` null removes the expiry; a new expiry counts as a use of the store. */
  updateVectorStore(
    input: InStore & { name?: string; metadata?: Record<string, string>; expiresAfterDays?: number | null },
  ): Promise<VectorStore>
  /** Deletes the store and its chunks; the files stay. Answers whether there was such a store. */
  deleteVectorStore(input: InStore): Promise<boolean>
  /** The ids of the tenant's vector stores that have not expired, newest first, at most `limit` (default: 100). */
  listVectorStoreIds(input: Owned & { limit?: number }): Promise<string[]>
}

export type VectorStoreFileMethods = {
  /** Adds a file, which is then `in_progress`. A file that is already there is indexed again. */
  addFile(input: InStoreFile & { attributes?: Attributes; chunkingStrategy?: ChunkingStrategy }): Promise<VectorStoreFile>
  getVectorStoreFile(input: InStoreFile): Promise<VectorStoreFile>
  listVectorStoreFiles(
    input: InStore & PageRequest & { filter?: VectorStoreFileStatus; batchId?: string },
  ): Promise<Page<VectorStoreFile>>
  /** Replaces the attributes that search filters use, on the file and its chunks. */
  updateAttributes(input: InStoreFile & { attributes: Attributes }): Promise<VectorStoreFile>
  /** Removes the file and its chunks from the store; the file itself stays. Answers whether it was there. */
  removeFile(input: InStoreFile): Promise<boolean>
  /** The file's parsed text as search sees it. */
  readText(input: InStoreFile): Promise<{ filename: string; attributes: Attributes; text: string }>
}

export type FileBatchMethods = {
  addFiles(
    input: InStore & { files: { fileId: string; attributes?: Attributes; chunkingStrategy?: ChunkingStrategy }[] },
  ): Promise<FileBatch>
  getFileBatch(input: InStore & { batchId: string }): Promise<FileBatch>
  /** Makes the files of the batch that are not yet completed `cancelled`, and deletes their chunks. */
  cancelFileBatch(input: InStore & { batchId: string }): Promise<FileBatch>
}
