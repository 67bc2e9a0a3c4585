export {
  type FileBatch,
  type FileCounts,
  type IngestError,
  type IngestErrorCode,
  type KnowledgeStore,
  type Page,
  type PageRequest,
  type StoredFile,
  type VectorStore,
  type VectorStoreFile,
  type VectorStoreFileStatus,
  vectorStoreFileStatuses,
} from './knowledge-types.ts'
