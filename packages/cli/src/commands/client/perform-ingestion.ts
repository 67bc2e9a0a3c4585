import OpenAI from 'openai'
import type { Decided } from './decide-ingestion.ts'
import { isRefusal, serverMessage } from './explain-failure.ts'
import { fingerprintFile } from './fingerprint-file.ts'
import type { IngestionReport } from './ingestion-report.ts'
import type { IngestionRequest, SyncTools } from './ingestion-tools.ts'
import type { KnowledgeApi, StoreRef } from './knowledge-api.ts'
import { limitConcurrency } from './limit-concurrency.ts'
import type { FileAction } from './plan-ingestion.ts'
import { runBounded } from './run-bounded.ts'
import { formatBytes, progressBar } from './terminal.ts'
import { FileChangedError } from './upload-file.ts'
import { waitUntilIndexed } from './wait-until-indexed.ts'

/** How many large files are uploaded at once. As uploads are streamed, this bounds the memory of both sides. */
const transfersMax = 4

/** More small files are uploaded at once, because the server stores together those that arrive together. */
const smallTransfersMax = 32
const smallBytesMax = 65_536

/** How many files are under way at once. Most of them are uploaded, and wait to be attached together with others. */
const actionsMax = 128

/** How often a file is read and sent again because it changed while it was sent. */
const sendsMax = 3

export type Performing = { request: IngestionRequest; store: StoreRef; tools: SyncTools; report: IngestionReport }
type Within = Performing & { withdrawn: FileAction[] }

/**
 * Performs the plan. An old version is removed only once the new one is indexed, so that a search always finds one of them, and stays when the new one cannot
 * be indexed.
 */
export async function performIngestion(decided: Decided, { request, store, tools, report }: Performing): Promise<void> {
  const { knowledge, terminal } = tools
  const { actions, gone, pending } = decided
  const awaited = new Map(pending.map((entry) => [entry.fileId, entry.path]))
  /** Older versions, by the id of the file that replaces them. */
  const outdated = new Map(
    [...Map.groupBy(decided.outdated, ({ newest }) => newest.fileId)].map(([id, all]) => [
      id,
      all.map(({ entry }) => entry.fileId),
    ]),
  )
  const indexed = new Set(decided.outdated.flatMap(({ newest }) => (newest.status === 'completed' ? [newest.fileId] : [])))
  const bounded = { ...tools, knowledge: { ...knowledge, upload: boundUploads(knowledge) } }
  const within: Within = { request, store, tools: bounded, report, withdrawn: [] }
  let done = 0
  let bytesDone = 0
  await runBounded(actions, actionsMax, async (action) => {
    const fileId = await performAction(action, within)
    if (fileId !== undefined) awaited.set(fileId, action.file.path)
    if (fileId !== undefined && action.kind === 'change') {
      const replaced = action.entry.fileId
      outdated.set(fileId, [replaced, ...(outdated.get(replaced) ?? [])])
      outdated.delete(replaced)
    }
    done += 1
    bytesDone += action.file.sizeBytes
    terminal.showProgress(`uploading ${progressBar(done, actions.length)} ${formatBytes(bytesDone)}`)
  })
  withdrawAll(within.withdrawn, report)
  const failures = await waitUntilIndexed(awaited, { storeId: store.id, tools })
  report.failed.push(...failures.map(({ path, reason }) => ({ path, reason })))
  for (const fileId of awaited.keys()) indexed.add(fileId)
  for (const { fileId } of failures) indexed.delete(fileId)
  const replaced = [...outdated].flatMap(([newest, older]) => (indexed.has(newest) ? older : []))
  const leaving = [...replaced, ...gone.map((entry) => entry.fileId)]
  await runBounded(leaving, transfersMax, (fileId) => removeQuietly(knowledge, fileId))
  terminal.endProgress()
}

function boundUploads(knowledge: KnowledgeApi): KnowledgeApi['upload'] {
  const uploadSmall = limitConcurrency(smallTransfersMax, knowledge.upload)
  const uploadLarge = limitConcurrency(transfersMax, knowledge.upload)
  return (storeId, file) => (file.sizeBytes <= smallBytesMax ? uploadSmall : uploadLarge)(storeId, file)
}

/** Answers the id of the file to wait for. A problem of this file alone is noted, and the others go on; any other error ends the run. */
async function performAction(action: FileAction, performing: Within): Promise<string | undefined> {
  try {
    return await takeAction(action, performing)
  } catch (error) {
    const { report, withdrawn } = performing
    const reason = error instanceof FileChangedError ? 'changed while it was sent, again and again' : undefined
    if (reason === undefined && !isRefusal(error)) throw error
    withdrawn.push(action)
    report.failed.push({ path: action.file.path, reason: reason ?? (isRefusal(error) ? serverMessage(error) : '') })
    return undefined
  }
}

async function takeAction(action: FileAction, performing: Within): Promise<string | undefined> {
  const { store, tools } = performing
  const { knowledge } = tools
  if (action.kind === 'none') return undefined
  if (action.kind === 'rename' || action.kind === 'touch') {
    await knowledge.renameEntry(store.id, action.entry.fileId, action.file)
    return action.entry.status === 'in_progress' ? action.entry.fileId : undefined
  }
  if (action.kind === 'retry') {
    await knowledge.attach(store.id, action.entry.fileId, action.file)
    return action.entry.fileId
  }
  return send(action, performing)
}

/** Uploads and attaches a file. Reads it again when it changed meanwhile. */
async function send(action: FileAction, { request, store, tools, report, withdrawn }: Within): Promise<string | undefined> {
  const { knowledge, journal } = tools
  let { file } = action
  for (let sends = 1; ; sends++) {
    try {
      const fileId = await knowledge.upload(store.id, file)
      await journal.note(fileId)
      await knowledge.attach(store.id, fileId, file).catch(async (error: unknown) => {
        await removeQuietly(knowledge, fileId)
        throw error
      })
      return fileId
    } catch (error) {
      if (!(error instanceof FileChangedError) || sends === sendsMax) throw error
    }
    const again = await fingerprintFile(file, { fileBytesMax: request.fileBytesMax, now: tools.now })
    if (again.kind === 'skipped') {
      withdrawn.push(action)
      ;(again.isKept ? report.failed : report.skipped).push({ path: again.absolutePath, reason: again.reason })
      return undefined
    }
    file = again
  }
}

/** Removes from the report what was to be sent and was not. */
function withdrawAll(actions: FileAction[], report: IngestionReport): void {
  const sent = actions.filter(({ kind }) => kind === 'add' || kind === 'change')
  const pathsOf = (wanted: FileAction['kind']) => new Set(sent.flatMap(({ kind, file }) => (kind === wanted ? [file.path] : [])))
  const [added, changed] = [pathsOf('add'), pathsOf('change')]
  report.added = report.added.filter((path) => !added.has(path))
  report.changed = report.changed.filter((path) => !changed.has(path))
  for (const { file } of sent) {
    report.bytesUploaded -= file.sizeBytes
    report.tokens -= file.tokens
  }
}

/** Removes a file. That it is already gone is no failure. */
export async function removeQuietly(knowledge: KnowledgeApi, fileId: string): Promise<void> {
  try {
    await knowledge.removeFile(fileId)
  } catch (error) {
    if (!(error instanceof OpenAI.NotFoundError)) throw error
  }
}
