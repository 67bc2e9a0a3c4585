import type { ChunkingStrategy } from '@weft/contracts'
import type { FileBatch, FileCounts, Page, StoredFile, VectorStore, VectorStoreFile } from '@weft/retrieval'
import { unixSeconds } from '../../core/unix-seconds.ts'

/** OpenAI's `file` object. Only complete files are stored, so the deprecated `status` is always `processed`. */
export function fileObject(file: StoredFile) {
  return {
    id: file.id,
    object: 'file',
    bytes: file.bytes,
    created_at: unixSeconds(file.createdAt),
    ...(file.expiresAt === null ? {} : { expires_at: unixSeconds(file.expiresAt) }),
    filename: file.filename,
    purpose: file.purpose,
    status: 'processed',
    status_details: null,
  }
}

export function vectorStoreObject(store: VectorStore) {
  return {
    id: store.id,
    object: 'vector_store',
    created_at: unixSeconds(store.createdAt),
    name: store.name,
    usage_bytes: store.usageBytes,
    file_counts: countsObject(store.fileCounts),
    status: store.status,
    expires_after: store.expiresAfterDays === null ? null : { anchor: 'last_active_at', days: store.expiresAfterDays },
    expires_at: store.expiresAt === null ? null : unixSeconds(store.expiresAt),
    last_active_at: unixSeconds(store.lastActiveAt),
    metadata: store.metadata,
  }
}

export function vectorStoreFileObject(file: VectorStoreFile) {
  return {
    id: file.fileId,
    object: 'vector_store.file',
    created_at: unixSeconds(file.createdAt),
    usage_bytes: file.usageBytes,
    vector_store_id: file.vectorStoreId,
    status: file.status,
    last_error: file.lastError,
    attributes: file.attributes,
    chunking_strategy: chunkingStrategyObject(file.chunkingStrategy),
  }
}

export function fileBatchObject(batch: FileBatch) {
  return {
    id: batch.id,
    object: 'vector_store.files_batch',
    created_at: unixSeconds(batch.createdAt),
    vector_store_id: batch.vectorStoreId,
    status: batch.status,
    file_counts: countsObject(batch.fileCounts),
  }
}

/** A page of objects. A client passes `last_id` as `after` to get the next page. */
export function listObject<T extends { id: string }>({ data, hasMore }: Page<T>) {
  return { object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: hasMore }
}

export function mapPage<T, U>(page: Page<T>, map: (item: T) => U): Page<U> {
  return { data: page.data.map(map), hasMore: page.hasMore }
}

function countsObject(counts: FileCounts) {
  return {
    in_progress: counts.inProgress,
    completed: counts.completed,
    failed: counts.failed,
    cancelled: counts.cancelled,
    total: counts.total,
  }
}

/** OpenAI's answer is `static` or `other`. Weft's `auto` is `other`, because chunks that follow a document's structure have no fixed size. */
function chunkingStrategyObject(strategy: ChunkingStrategy) {
  return strategy.type === 'static' ? strategy : { type: 'other' }
}
