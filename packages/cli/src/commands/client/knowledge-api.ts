import { createHash } from 'node:crypto'
import OpenAI from 'openai'
import type { VectorStoreFile } from 'openai/resources/vector-stores/files'
import { z } from 'zod'
import { attachTogether, sentOnce } from './attach-together.ts'
import { EmbeddingsStateSchema } from './embeddings-report.ts'
import type { FingerprintedFile } from './fingerprint-file.ts'
import type { ManifestEntry } from './manifest-entry.ts'
import { uploadFile } from './upload-file.ts'

export type StoreRef = { id: string; name: string }
export type StoreCounts = { inProgress: number; completed: number; failed: number; total: number }
export type VectorProgress = { waiting: number; failure: string | undefined }
export type FileFailure = { fileId: string; message: string }

/** What ingestion needs of the server. The manifest is kept there: each file of the vector store is an entry. */
export interface KnowledgeApi {
  findStore(nameOrId: string): Promise<StoreRef | undefined>
  createStore(name: string): Promise<StoreRef>
  /** The entries that were written by an ingestion, newest first, without files that other clients attached. */
  readManifest(storeId: string): Promise<ManifestEntry[]>
  /** Uploads a file and answers its id. When an unchanged file is sent again, the id of the existing file is answered. */
  upload(storeId: string, file: FingerprintedFile): Promise<string>
  /** Adds a file to the store, or indexes it again when it is already there. */
  attach(storeId: string, fileId: string, file: FingerprintedFile): Promise<void>
  /** Whether a file is in the store, and is indexed or being indexed. */
  isAttached(storeId: string, fileId: string): Promise<boolean>
  /** Updates the name, path and times of an entry without indexing it again. */
  renameEntry(storeId: string, fileId: string, file: FingerprintedFile): Promise<void>
  removeFile(fileId: string): Promise<void>
  countFiles(storeId: string): Promise<StoreCounts>
  listInProgress(storeId: string): Promise<string[]>
  listFailures(storeId: string): Promise<FileFailure[]>
  /** How many chunks wait for vectors, and what keeps them from getting any; undefined when the key may not ask. */
  readVectorProgress(): Promise<VectorProgress | undefined>
}

const pageSize = 100
/** The longest page of a store's files that Weft answers. */
const manifestPageSize = 1_000

export function createKnowledgeApi(client: OpenAI): KnowledgeApi {
  const attach = attachTogether(client)
  return {
    findStore: (nameOrId) => findStore(client, nameOrId),
    createStore: async (name) => storeRef(await client.vectorStores.create({ name }, sentOnce)),
    readManifest: async (storeId) => {
      const entries: ManifestEntry[] = []
      for await (const file of client.vectorStores.files.list(storeId, { limit: manifestPageSize, order: 'desc' })) {
        entries.push(...manifestEntryOf(file))
      }
      return entries
    },
    upload: (storeId, file) => uploadFile(client, file, uploadKeyOf(storeId, file)),
    attach: (storeId, fileId, file) => attach(storeId, { fileId, attributes: attributesOf(file) }),
    isAttached: async (storeId, fileId) => {
      try {
        const { status } = await client.vectorStores.files.retrieve(fileId, { vector_store_id: storeId })
        return status === 'in_progress' || status === 'completed'
      } catch (error) {
        if (error instanceof OpenAI.NotFoundError) return false
        throw error
      }
    },
    renameEntry: async (storeId, fileId, file) => {
      const body = { attributes: attributesOf(file), filename: file.path }
      await client.post(`/vector_stores/${encodeURIComponent(storeId)}/files/${encodeURIComponent(fileId)}`, { body })
    },
    removeFile: async (fileId) => {
      await client.files.delete(fileId)
    },
    countFiles: async (storeId) => {
      const { file_counts: counts } = await client.vectorStores.retrieve(storeId)
      return { inProgress: counts.in_progress, completed: counts.completed, failed: counts.failed, total: counts.total }
    },
    listInProgress: async (storeId) => {
      const page = await client.vectorStores.files.list(storeId, { filter: 'in_progress', limit: pageSize })
      return page.data.map((file) => file.id)
    },
    listFailures: async (storeId) => {
      const failures: FileFailure[] = []
      for await (const file of client.vectorStores.files.list(storeId, { filter: 'failed', limit: pageSize })) {
        failures.push({ fileId: file.id, message: file.last_error?.message ?? 'no reason given' })
      }
      return failures
    },
    readVectorProgress: () => readVectorProgress(client),
  }
}

async function readVectorProgress(client: OpenAI): Promise<VectorProgress | undefined> {
  try {
    const { waiting, failure } = EmbeddingsStateSchema.parse(await client.get('/embeddings/rebuild'))
    return { waiting, failure: failure ?? undefined }
  } catch (error) {
    if (error instanceof OpenAI.PermissionDeniedError) return undefined
    throw error
  }
}

/** A store by its id or name. Of several with the same name it is the oldest that has not expired, so that the choice stays the same until that one expires. */
export async function findStore(client: OpenAI, nameOrId: string): Promise<StoreRef | undefined> {
  for await (const store of client.vectorStores.list({ limit: pageSize, order: 'asc' })) {
    if (store.id === nameOrId || (store.name === nameOrId && store.status !== 'expired')) return storeRef(store)
  }
  return undefined
}

function storeRef(store: { id: string; name: string }): StoreRef {
  return { id: store.id, name: store.name }
}

const ManifestAttributes = z.object({
  root: z.string(),
  path: z.string(),
  sha256: z.string(),
  size: z.number(),
  mtime: z.number(),
  ctime: z.number().optional(),
})

function manifestEntryOf(file: VectorStoreFile): ManifestEntry[] {
  const parsed = ManifestAttributes.safeParse(file.attributes)
  if (!parsed.success) return []
  const { root, path, sha256, size, mtime, ctime } = parsed.data
  const { id, status, last_error: lastError } = file
  const times = { mtimeMs: mtime, ctimeMs: ctime }
  return [{ fileId: id, root, path, sha256, sizeBytes: size, ...times, status, lastError: lastError?.message }]
}

/** The idempotency key of an upload: one for each version of a file in a store. `ctime` changes with every version, and cannot be set back. */
function uploadKeyOf(storeId: string, { root, path, sha256, ctimeMs }: FingerprintedFile): string {
  return `ingest-${createHash('sha256')
    .update(JSON.stringify([storeId, root, path, sha256, ctimeMs]))
    .digest('hex')}`
}

function attributesOf({ root, path, sha256, sizeBytes, mtimeMs, ctimeMs }: FingerprintedFile) {
  return { root, path, sha256, size: sizeBytes, mtime: mtimeMs, ctime: ctimeMs }
}
