export { type Chunk, chunkText } from './chunk-text.ts'
export { type FileKind, fileKinds } from './file-kind.ts'
export { FileRefusal, type FileRefusalCode } from './file-refusal.ts'
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
export { checkFileSize, type ParsedFile, parseFile } from './parse-file.ts'
