/** A file as the server knows it. The manifest consists of the attributes of the vector store's files. */
export type ManifestEntry = {
  fileId: string
  root: string
  path: string
  sha256: string
  sizeBytes: number
  mtimeMs: number
  /** Undefined for files of versions of Weft that did not note it. */
  ctimeMs: number | undefined
  status: 'in_progress' | 'completed' | 'failed' | 'cancelled'
  lastError: string | undefined
}
