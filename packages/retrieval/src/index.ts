export { type CitationStream, createCitationStream, type Quote, type VerifyQuotes } from './answer/citation-stream.ts'
export { type CitedText, meanScore, passageTitle, promptSourceOf, sayCited, sayCitedAnswer } from './answer/cited-answer.ts'
export { evidenceFeatures, evidenceModel, type FoundPassage, judgeEvidence } from './answer/judge-evidence.ts'
export { verifyQuotes } from './answer/postgres-verify-quotes.ts'
export { verifyPatiently } from './answer/verify-patiently.ts'
export { type Chunk, chunkText } from './chunk/chunk-text.ts'
export { chunksOfRound, embedChunks } from './embed/embed-chunks.ts'
export { completeEmbeddedFiles, countWaiting } from './embed/postgres-embedding-queue.ts'
export { EmbeddingsState, SteerEmbedding } from './embed/embeddings-state.ts'
export { listEmbeddingModels, problemOfEmbedder, settleEmbeddingModel } from './embed/postgres-embedding-models.ts'
export { cancelRebuild, readRebuild, startRebuild } from './embed/postgres-embedding-rebuild.ts'
export { rebuildVectors } from './embed/rebuild-vectors.ts'
export { createFileReader, type FileReader, type FileReaderOptions } from './ingest/file-reader.ts'
export type { HeaderWriter, PassageToHead } from './ingest/head-chunks.ts'
export { type IngestOutcome, type IngestTools, ingestFile } from './ingest/ingest-file.ts'
export { ingestSmallFiles } from './ingest/ingest-small-files.ts'
export { listIngestionJobs } from './ingest/postgres-ingestion-jobs.ts'
export { type FileKind, fileKinds } from './parse/file-kind.ts'
export { FileRefusal, type FileRefusalCode } from './parse/file-refusal.ts'
export { checkFileSize, type ParsedFile, parseFile } from './parse/parse-file.ts'
export type { ReadImageText } from './parse/read-image.ts'
export { createPartCosts } from './search/part-costs.ts'
export { findByName, type NamedDocument, readOpenings, readSpread } from './search/postgres-read-overview.ts'
export { type ReadPlace, readPlaces } from './search/postgres-read-places.ts'
export { searchKnowledge } from './search/postgres-search-knowledge.ts'
export { widenPassages } from './search/postgres-widen-passages.ts'
export { rewriteQuery, type SaidBefore } from './search/rewrite-query.ts'
export { IngestionHint, IngestionJob, SearchAnswer, SearchHit, SearchOptions, SearchRequest } from './search/search-types.ts'
export { setDuplicatesBehind } from './search/set-duplicates-behind.ts'
export { createKnowledgeStore } from './store/knowledge-store.ts'
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
} from './store/knowledge-types.ts'
export { findChangedSources } from './store/postgres-changed-sources.ts'
export { readKnowledgeVersion } from './store/postgres-knowledge-version.ts'
export { type Expired, noteStoresUsed, removeExpired, storeExpired } from './store/postgres-expiry.ts'
export { deleteAbandonedUploads } from './store/postgres-files.ts'
export { contentTerms } from './text/content-terms.ts'
