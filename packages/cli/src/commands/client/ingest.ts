import { setTimeout as sleep } from 'node:timers/promises'
import { knowledgeLimits } from '@weft/contracts'
import type { Command } from 'commander'
import { exitCodes } from '../../cli-error.ts'
import { readCliSettings } from '../../cli-settings.ts'
import { withMesh } from './connect-mesh.ts'
import { ingestPaths } from './ingest-paths.ts'
import { ingestionJson, printIngestion } from './ingestion-report.ts'
import { createKnowledgeApi } from './knowledge-api.ts'
import { storeNameOption } from './resolve-store.ts'

type IngestOptions = { store: string; dryRun?: boolean; json?: boolean }

export function registerIngest(program: Command): void {
  program
    .command('ingest')
    .description('make a vector store mirror files and folders; run again, it touches only what changed')
    .argument('<path...>', 'files and folders; .gitignore is respected')
    .option('--store <name>', 'name or id of the vector store', storeNameOption, 'default')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print the report as JSON')
    .action((paths: string[], options: IngestOptions, command: Command) => runIngest({ paths, options, command }))
}

async function runIngest({
  paths,
  options,
  command,
}: {
  paths: string[]
  options: IngestOptions
  command: Command
}): Promise<void> {
  await withMesh(command, async ({ mesh, terminal, isJson }) => {
    const report = await ingestPaths(
      {
        paths,
        storeName: options.store,
        isDryRun: options.dryRun === true,
        fileBytesMax: knowledgeLimits.fileBytesMax,
        excludedFolders: [readCliSettings().dataFolder],
      },
      { knowledge: createKnowledgeApi(mesh.client), terminal, now: Date.now, sleep },
    )
    if (isJson) terminal.printJson(ingestionJson(report))
    else printIngestion(report, terminal)
    if (report.failed.length > 0) process.exitCode = exitCodes.failed
  })
}
