export { type Chunk, chunkText } from './chunk-text.ts'
export { type CitedText, passageTitle, sayCited, sayCitedAnswer } from './cited-answer.ts'
export { type CitationStream, createCitationStream, type Quote, type VerifyQuotes } from './citation-stream.ts'
export { contentTerms } from './content-terms.ts'
export { type FileKind, fileKinds } from './file-kind.ts'
export { createFileReader, type FileReader, type FileReaderOptions, type ReadFile, type ReadJob } from './file-reader.ts'
export { FileRefusal, type FileRefusalCode } from './file-refusal.ts'
export { embedChunks } from './embed-chunks.ts'
export type { HeaderWriter, PassageToHead } from './head-chunks.ts'
export { type IngestOutcome, type IngestTools, ingestFile } from './ingest-file.ts'
export { ingestSmallFiles } from './ingest-small-files.ts'
export { EmbeddingsState, SteerEmbedding } from './embeddings-state.ts'
export { createKnowledgeStore } from './knowledge-store.ts'
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
export { createPartCosts } from './part-costs.ts'
export { checkFileSize, type ParsedFile, parseFile } from './parse-file.ts'
export { deleteAbandonedUploads } from './postgres-files.ts'
export { findChangedSources } from './postgres-changed-sources.ts'
export { listEmbeddingModels, problemOfEmbedder, settleEmbeddingModel } from './postgres-embedding-models.ts'
export { cancelRebuild, readRebuild, startRebuild } from './postgres-embedding-rebuild.ts'
export { rebuildVectors } from './rebuild-vectors.ts'
export { listIngestionJobs } from './postgres-ingestion-jobs.ts'
export type { ReadImageText } from './read-image.ts'
export { evidenceFeatures, evidenceModel, type FoundPassage, judgeEvidence } from './judge-evidence.ts'
export { setDuplicatesBehind } from './set-duplicates-behind.ts'
export { rewriteQuery, type SaidBefore } from './rewrite-query.ts'
export { searchKnowledge } from './postgres-search-knowledge.ts'
export { widenPassages } from './postgres-widen-passages.ts'
export { verifyQuotes } from './postgres-verify-quotes.ts'
export { IngestionHint, IngestionJob, SearchAnswer, SearchHit, SearchOptions, SearchRequest } from './search-types.ts'
