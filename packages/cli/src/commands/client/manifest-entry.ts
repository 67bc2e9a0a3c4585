/** A file as the server remembers it: the attributes of the vector store file are the manifest. */
export type ManifestEntry = {
  fileId: string
  root: string
  path: string
  sha256: string
  sizeBytes: number
  mtimeMs: number
  /** Runs before this was noted left none. */
  ctimeMs: number | undefined
  status: 'in_progress' | 'completed' | 'failed' | 'cancelled'
  lastError: string | undefined
}
