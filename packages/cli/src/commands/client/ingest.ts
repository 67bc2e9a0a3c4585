import { setTimeout as sleep } from 'node:timers/promises'
import { knowledgeLimits } from '@weft/contracts'
import type { Command } from 'commander'
import { exitCodes } from '../../cli-error.ts'
import { readCliSettings } from '../../cli-settings.ts'
import { dataPaths } from '../../supervisor/data-paths.ts'
import { type ClientContext, withMesh } from './connect-mesh.ts'
import { usageError } from './explain-failure.ts'
import { ingestPaths } from './ingest-paths.ts'
import { type IngestionReport, ingestionJson, printIngestion } from './ingestion-report.ts'
import type { IngestionRequest } from './ingestion-tools.ts'
import { createKnowledgeApi } from './knowledge-api.ts'
import { findModelPrice } from './model-price.ts'
import { outlastOutages } from './outlast-outages.ts'
import { storeNameOption } from './resolve-store.ts'
import { takeSyncLock } from './sync-lock.ts'
import { createSyncRate } from './sync-rate.ts'
import { openUploadJournal } from './upload-journal.ts'
import { resolveRoots } from './walk-paths.ts'

type IngestOptions = { store: string; dryRun?: boolean; keepDeleted?: boolean; yes?: boolean; json?: boolean }

export function registerIngest(program: Command): void {
  program
    .command('ingest')
    .description('make a vector store mirror files and folders; run again, it touches only what changed')
    .argument('<path...>', 'files and folders; .gitignore is respected')
    .option('--store <name>', 'name or id of the vector store', storeNameOption, 'default')
    .option('--dry-run', 'say what would be done and what it would cost, and do nothing')
    .option('--keep-deleted', 'keep in the store what is gone from the folders')
    .option('--yes', 'remove what is gone even when that is most of what there was')
    .option('--json', 'print the report as JSON')
    .action((paths: string[], options: IngestOptions, command: Command) => runIngest({ paths, options, command }))
}

type Invocation = { paths: string[]; options: IngestOptions; command: Command }

async function runIngest({ paths, options, command }: Invocation): Promise<void> {
  if (options.keepDeleted === true && options.yes === true)
    throw usageError('--keep-deleted keeps what --yes removes: give one of them')
  await withMesh(command, async (context) => {
    const { dataFolder, environment } = readCliSettings()
    const isDryRun = options.dryRun === true
    const request: IngestionRequest = {
      paths,
      storeName: options.store,
      isDryRun,
      fileBytesMax: knowledgeLimits.fileBytesMax,
      excludedFolders: [dataFolder],
      ...(isDryRun ? await pricesOf(environment, context.mesh.client) : {}),
      removals: options.keepDeleted === true ? 'none' : options.yes === true ? 'confirmed' : 'careful',
    }
    const report = await ingestAlone(request, { ...context, folder: dataPaths(dataFolder).syncs })
    if (context.isJson) context.terminal.printJson(ingestionJson(report))
    else printIngestion(report, context.terminal)
    if (report.failed.length > 0 || report.isRemovalWithheld) process.exitCode = exitCodes.failed
  })
}

/** The prices of the models that are set up on this machine. Without a setting, vectors are made by the mesh itself, which costs nothing. */
async function pricesOf(
  { WEFT_EMBEDDER: embedder, WEFT_CONTEXT_MODEL: model }: ReturnType<typeof readCliSettings>['environment'],
  client: ClientContext['mesh']['client'],
): Promise<Pick<IngestionRequest, 'embedderUsd' | 'contextModel'>> {
  const isFree = embedder === undefined || embedder === 'off'
  return {
    embedderUsd: isFree ? 0 : (await findModelPrice(client, embedder))?.input,
    contextModel: model === undefined ? undefined : { model, price: await findModelPrice(client, model) },
  }
}

/** Lets one sync at a time put a folder into a store. A dry run changes nothing, and needs no lock. */
async function ingestAlone(
  request: IngestionRequest,
  { mesh, terminal, folder }: ClientContext & { folder: string },
): Promise<IngestionReport> {
  const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) }
  const paths = (await resolveRoots(request.paths)).map(({ absolutePath }) => absolutePath)
  const place = { folder, store: `${mesh.url} ${request.storeName}`, paths }
  const lock = request.isDryRun ? undefined : await takeSyncLock(place, clock)
  const journal = openUploadJournal(lock?.journalFile)
  try {
    const rate = createSyncRate(folder, mesh.url)
    const knowledge = outlastOutages(createKnowledgeApi(mesh.client), { meshUrl: mesh.url, terminal, ...clock })
    return await ingestPaths(request, { knowledge, terminal, journal, rate, ...clock })
  } finally {
    await journal.close()
    await lock?.release()
  }
}
