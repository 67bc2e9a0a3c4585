import { readFile } from 'node:fs/promises'
import type { KnowledgeApi } from '../knowledge-api.ts'
import type { ManifestEntry } from '../manifest-entry.ts'

type Kept = ManifestEntry & { filename: string; text: string }
export type MemoryKnowledge = KnowledgeApi & {
  calls: string[]
  failing: Map<string, string>
  refuseUpload: { path: string; error: Error } | undefined
  refuseAttach: Error | undefined
  refuseRemove: Error | undefined
  contents(): Record<string, string>
  texts(): string[]
}

/** A KnowledgeApi in memory. Files that were attached are indexed when their number is first asked for. */
export function createMemoryKnowledge(): MemoryKnowledge {
  const uploads = new Map<string, { filename: string; text: string }>()
  const kept: Kept[] = []
  let hasStore = false
  let nextId = 1
  const nameOf = (fileId: string) => uploads.get(fileId)?.filename ?? fileId
  const knowledge: MemoryKnowledge = {
    calls: [],
    failing: new Map(),
    refuseUpload: undefined,
    refuseAttach: undefined,
    refuseRemove: undefined,
    contents: () => Object.fromEntries(kept.map(({ filename, text }) => [filename, text])),
    texts: () => kept.map(({ filename, text }) => `${filename}: ${text}`).toSorted(),
    findStore: async (name) => (hasStore ? { id: 'vs_1', name } : undefined),
    createStore: async (name) => {
      hasStore = true
      return { id: 'vs_1', name }
    },
    readManifest: async () => kept.toReversed(),
    upload: async (_, file) => {
      if (knowledge.refuseUpload?.path === file.path) throw knowledge.refuseUpload.error
      const fileId = `file_${nextId++}`
      uploads.set(fileId, { filename: file.path, text: await readFile(file.absolutePath, 'utf8') })
      knowledge.calls.push(`upload ${file.path}`)
      return fileId
    },
    attach: async (_, fileId, file) => {
      if (knowledge.refuseAttach !== undefined) throw knowledge.refuseAttach
      const upload = uploads.get(fileId)
      if (upload === undefined) throw new Error(`no upload ${fileId}`)
      const known = kept.findIndex((entry) => entry.fileId === fileId)
      if (known !== -1) kept.splice(known, 1)
      kept.push({ ...file, ...upload, fileId, status: 'in_progress', lastError: undefined })
      knowledge.calls.push(`attach ${file.path}`)
    },
    isAttached: async (_, fileId) => kept.some((entry) => entry.fileId === fileId && entry.status !== 'failed'),
    renameEntry: async (_, fileId, file) => {
      const entry = kept.find((candidate) => candidate.fileId === fileId)
      if (entry === undefined) throw new Error(`no entry ${fileId}`)
      knowledge.calls.push(`rename ${entry.path} → ${file.path}`)
      Object.assign(entry, { path: file.path, filename: file.path, mtimeMs: file.mtimeMs, ctimeMs: file.ctimeMs })
    },
    removeFile: async (fileId) => {
      if (knowledge.refuseRemove !== undefined) throw knowledge.refuseRemove
      knowledge.calls.push(`remove ${nameOf(fileId)}`)
      const index = kept.findIndex((entry) => entry.fileId === fileId)
      if (index !== -1) kept.splice(index, 1)
    },
    countFiles: async () => {
      for (const entry of kept) {
        if (entry.status !== 'in_progress') continue
        entry.status = knowledge.failing.has(entry.path) ? 'failed' : 'completed'
        knowledge.calls.push(`indexed ${entry.path}`)
      }
      const failed = kept.filter(({ status }) => status === 'failed').length
      return { inProgress: 0, completed: kept.length - failed, failed, total: kept.length }
    },
    listInProgress: async () => [],
    listFailures: async () =>
      kept.flatMap(({ fileId, path, status }) =>
        status === 'failed' ? [{ fileId, message: knowledge.failing.get(path) ?? '' }] : [],
      ),
    readVectorProgress: async () => undefined,
  }
  return knowledge
}
