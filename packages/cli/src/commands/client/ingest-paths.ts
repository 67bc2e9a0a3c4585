import OpenAI from 'openai'
import { CliError } from '../../cli-error.ts'
import { isRefusal, serverMessage } from './explain-failure.ts'
import { type FingerprintedFile, fingerprintFile } from './fingerprint-file.ts'
import { emptyReport, type IngestionReport } from './ingestion-report.ts'
import type { IngestionTools } from './ingestion-tools.ts'
import type { KnowledgeApi, StoreRef } from './knowledge-api.ts'
import { limitConcurrency } from './limit-concurrency.ts'
import { decideFile, type FileAction, type ManifestEntry, planIngestion } from './plan-ingestion.ts'
import { runBounded } from './run-bounded.ts'
import { formatBytes, progressBar } from './terminal.ts'
import { FileChangedError } from './upload-file.ts'
import { waitUntilIndexed } from './wait-until-indexed.ts'
import { type FoundFile, resolveRoots, type SkippedPath, type WalkRoot, walkPaths } from './walk-paths.ts'

export type IngestionRequest = {
  paths: string[]
  storeName: string
  isDryRun: boolean
  fileBytesMax: number
  excludedFolders: string[]
}

/** Uploads stream from disk and the server writes each in parts, so this bounds memory on both sides. */
const transfersMax = 4

/** Small files are sent more at a time: the server stores together what arrives together. */
const smallTransfersMax = 32
const smallBytesMax = 65_536

/** Files under way, most of them uploaded and waiting to be attached together with others. */
const actionsMax = 128

/**
 * Makes a vector store mirror the given paths: uploads what is new or changed, removes what is gone, leaves the rest alone, and
 * waits until the server has indexed it. Reads and uploads stream; memory grows with the number of paths, not with their bytes.
 */
export async function ingestPaths(request: IngestionRequest, tools: IngestionTools): Promise<IngestionReport> {
  const startedAtMs = tools.now()
  const roots = await resolveRoots(request.paths)
  const existing = await tools.knowledge.findStore(request.storeName)
  if (existing === undefined && request.storeName.startsWith('vs_'))
    throw new CliError('not_found', `no vector store ${request.storeName}`)
  const store = existing ?? (request.isDryRun ? undefined : await tools.knowledge.createStore(request.storeName))

  const report = emptyReport({ id: store?.id ?? null, name: store?.name ?? request.storeName }, request.isDryRun)
  const decided = await decide({
    request,
    tools,
    report,
    roots,
    manifest: existing ? await tools.knowledge.readManifest(existing.id) : [],
  })
  if (store !== undefined && !request.isDryRun) await perform(decided, { store, tools, report })
  report.durationMs = tools.now() - startedAtMs
  return report
}

type Decided = { actions: FileAction[]; gone: ManifestEntry[]; pending: ManifestEntry[] }
type Decision = {
  request: IngestionRequest
  tools: IngestionTools
  report: IngestionReport
  roots: WalkRoot[]
  manifest: ManifestEntry[]
}

/** Walks, reads what has to be read, and notes in the report what will happen. */
async function decide({ request, tools, report, roots, manifest }: Decision): Promise<Decided> {
  const found: FoundFile[] = []
  const skippedPaths: SkippedPath[] = []
  for await (const item of walkPaths(roots, request)) {
    if (item.kind === 'file') found.push(item)
    else skippedPaths.push(item)
    tools.terminal.showProgress(`looking … ${found.length} files`)
  }
  const read = await readAll(found, { request, tools, roots, manifest, skippedPaths })
  report.skipped = skippedPaths.map(({ absolutePath, reason }) => ({ path: absolutePath, reason }))
  report.unchanged = read.unchanged.length + read.actions.filter((action) => action.kind === 'touch').length
  for (const action of read.actions) noteAction(action, report)
  report.removed = read.gone.map((entry) => entry.path)
  return { actions: read.actions, gone: read.gone, pending: read.unchanged.filter((entry) => entry.status === 'in_progress') }
}

type Reading = Omit<Decision, 'report'> & { skippedPaths: SkippedPath[] }

/** Hashes what size and time do not settle. A file that cannot be read keeps its entry; a vanished or binary one loses it. */
async function readAll(found: FoundFile[], { request, tools, roots, manifest, skippedPaths }: Reading) {
  const plan = planIngestion({ found, skipped: skippedPaths, manifest, roots })
  const read: { file: FingerprintedFile; entry: ManifestEntry | undefined }[] = []
  let done = 0
  await runBounded(plan.toRead, transfersMax, async ({ file, entry }) => {
    const result = await fingerprintFile(file, request.fileBytesMax)
    done += 1
    tools.terminal.showProgress(`reading ${progressBar(done, plan.toRead.length)}`)
    if (result.kind === 'file') read.push({ file: result, entry })
    else {
      skippedPaths.push(result)
      if (entry !== undefined && !result.isKept) plan.gone.push(entry)
    }
  })
  const inOrder = read.toSorted((a, b) => (a.file.absolutePath < b.file.absolutePath ? -1 : 1))
  const actions = inOrder.map(({ file, entry }) => decideFile(file, entry, plan.gone))
  return { actions, gone: plan.gone, unchanged: plan.unchanged }
}

function noteAction(action: FileAction, report: IngestionReport): void {
  if (action.kind === 'add') report.added.push(action.file.path)
  if (action.kind === 'change') report.changed.push(action.file.path)
  if (action.kind === 'rename') report.renamed.push({ from: action.entry.path, to: action.file.path })
  if (action.kind === 'retry') report.retried.push(action.file.path)
  if (action.kind === 'add' || action.kind === 'change') report.bytesUploaded += action.file.sizeBytes
}

type Performing = { store: StoreRef; tools: IngestionTools; report: IngestionReport }

/** Old versions leave only after their successors are indexed, so a search never falls between the two. */
async function perform({ actions, gone, pending }: Decided, { store, tools, report }: Performing): Promise<void> {
  const { knowledge, terminal } = tools
  const uploadSmall = limitConcurrency(smallTransfersMax, knowledge.upload)
  const uploadLarge = limitConcurrency(transfersMax, knowledge.upload)
  const upload: KnowledgeApi['upload'] = (file) => (file.sizeBytes <= smallBytesMax ? uploadSmall : uploadLarge)(file)
  const awaited = new Map(pending.map((entry) => [entry.fileId, entry.path]))
  const replaced: string[] = []
  let done = 0
  let bytesDone = 0
  await runBounded(actions, actionsMax, async (action) => {
    const fileId = await performAction(action, { store, tools: { ...tools, knowledge: { ...knowledge, upload } }, report })
    if (fileId !== undefined) awaited.set(fileId, action.file.path)
    if (fileId !== undefined && action.kind === 'change') replaced.push(action.entry.fileId)
    done += 1
    bytesDone += action.file.sizeBytes
    terminal.showProgress(`uploading ${progressBar(done, actions.length)} ${formatBytes(bytesDone)}`)
  })
  report.failed.push(...(await waitUntilIndexed(awaited, { storeId: store.id, tools })))
  await runBounded([...replaced, ...gone.map((entry) => entry.fileId)], transfersMax, (fileId) =>
    removeQuietly(knowledge, fileId),
  )
  terminal.endProgress()
}

/** The id of the file to wait for. A refusal of one file is noted and the others go on; anything else ends the run. */
async function performAction(action: FileAction, { store, tools, report }: Performing): Promise<string | undefined> {
  const { knowledge } = tools
  try {
    if (action.kind === 'rename' || action.kind === 'touch') {
      await knowledge.renameEntry(store.id, action.entry.fileId, action.file)
      return action.entry.status === 'in_progress' ? action.entry.fileId : undefined
    }
    if (action.kind === 'retry') {
      await knowledge.attach(store.id, action.entry.fileId, action.file)
      return action.entry.fileId
    }
    const fileId = await knowledge.upload(action.file)
    try {
      await knowledge.attach(store.id, fileId, action.file)
    } catch (error) {
      await removeQuietly(knowledge, fileId)
      throw error
    }
    return fileId
  } catch (error) {
    withdraw(action, report)
    if (error instanceof FileChangedError) {
      report.skipped.push({ path: action.file.absolutePath, reason: 'changed or deleted while it was uploaded' })
    } else if (isRefusal(error)) {
      report.failed.push({ path: action.file.path, reason: serverMessage(error) })
    } else {
      throw error
    }
    return undefined
  }
}

function withdraw({ kind, file }: FileAction, report: IngestionReport): void {
  report.added = report.added.filter((path) => kind !== 'add' || path !== file.path)
  report.changed = report.changed.filter((path) => kind !== 'change' || path !== file.path)
  if (kind === 'add' || kind === 'change') report.bytesUploaded -= file.sizeBytes
}

/** Removing what is gone already is no failure. */
async function removeQuietly(knowledge: KnowledgeApi, fileId: string): Promise<void> {
  try {
    await knowledge.removeFile(fileId)
  } catch (error) {
    if (!(error instanceof OpenAI.NotFoundError)) throw error
  }
}
