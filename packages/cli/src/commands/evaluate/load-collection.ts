import { runBounded } from '../client/run-bounded.ts'
import { limitConcurrency } from '../client/limit-concurrency.ts'
import { progressBar } from '../client/terminal.ts'
import type { StoreRef } from '../client/knowledge-api.ts'
import { waitUntilIndexed } from '../client/wait-until-indexed.ts'
import type { EvaluationTools } from './evaluation-tools.ts'
import type { Collection } from './read-collection.ts'
import type { CollectionDocument } from './read-documents.ts'

/** How many texts are uploaded at once. Many, because the server stores together those that arrive together. */
const uploadsMax = 32

/** How many documents are under way at once. Most of them are uploaded, and wait to be attached together with others. */
const documentsMax = 128

export type LoadReport = { uploaded: number; failed: { path: string; reason: string }[]; empty: number }

/**
 * Puts the documents of a collection into a vector store of its own, one file each, and waits until they are indexed. The store's name has the hash of the documents, so
 * that the next run finds it and sends nothing, or continues a run that was stopped. `isReloaded` loads all documents again.
 */
export async function loadCollection(
  { collection, isReloaded }: { collection: Collection; isReloaded: boolean },
  tools: EvaluationTools,
): Promise<{ store: StoreRef; report: LoadReport }> {
  const { knowledge, api } = tools
  const name = storeName(collection)
  if (isReloaded) await removeStore(name, tools)
  const store = (await knowledge.findStore(name)) ?? (await knowledge.createStore(name))
  const stored = new Map((await api.listDocuments(store.id)).map((entry) => [entry.document, entry]))
  const filled = collection.documents.filter((document) => textOf(document).trim() !== '')
  const missing = filled.filter(({ id }) => !stored.has(id))
  const known = new Map(collection.documents.map((document) => [document.id, document]))
  const awaited = new Map<string, string>()
  for (const { fileId, document, status } of stored.values()) {
    if (document === undefined) continue
    // A file whose indexing failed is tried again by attaching it again.
    if (status === 'failed' || status === 'cancelled') await api.attach(store.id, fileId, known.get(document) ?? { id: document })
    if (status !== 'completed') awaited.set(fileId, document)
  }
  await sendDocuments(missing, { store, tools, onSent: (fileId, id) => awaited.set(fileId, id) })
  const failed = await waitUntilIndexed(awaited, { storeId: store.id, tools })
  return { store, report: { uploaded: missing.length, failed, empty: collection.documents.length - filled.length } }
}

async function removeStore(name: string, { knowledge, api, terminal }: EvaluationTools): Promise<void> {
  const store = await knowledge.findStore(name)
  if (store === undefined) return
  const files = await api.listDocuments(store.id)
  let removed = 0
  // The files are removed before the store, because while the store is there, a run that was stopped can be repeated.
  await runBounded(files, uploadsMax, async ({ fileId }) => {
    await knowledge.removeFile(fileId)
    removed += 1
    terminal.showProgress(`removing ${progressBar(removed, files.length)}`)
  })
  await api.removeStore(store.id)
}

type Sending = { store: StoreRef; tools: EvaluationTools; onSent(fileId: string, documentId: string): void }

async function sendDocuments(documents: CollectionDocument[], { store, tools, onSent }: Sending): Promise<void> {
  const { api, terminal } = tools
  const upload = limitConcurrency(uploadsMax, api.uploadText)
  let sent = 0
  await runBounded(documents, documentsMax, async (document) => {
    const fileId = await upload({ filename: filenameOf(document.id), text: textOf(document) })
    await api.attach(store.id, fileId, document)
    onSent(fileId, document.id)
    sent += 1
    terminal.showProgress(`uploading ${progressBar(sent, documents.length)}`)
  })
}

/** The heading before a document's text in its file. It shifts the offsets of marked spans. */
export function headingOf({ title }: Pick<CollectionDocument, 'title'>): string {
  const line = title.replaceAll(/\s+/g, ' ').trim()
  return line === '' ? '' : `# ${line}\n\n`
}

function textOf(document: CollectionDocument): string {
  return `${headingOf(document)}${document.text}`
}

/** A name for the file that every system accepts. The file's attribute `_id` says which document it is. */
export function filenameOf(id: string): string {
  return `${id.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 120)}.md`
}

function storeName({ name, contentHash }: Collection): string {
  return `evaluate ${name.slice(0, 200)} ${contentHash}`
}
