import { type Database, migrateDown, migrateUp, migrationStatus, openDatabase } from '@weft/database'
import type { Command } from 'commander'
import { CliError, exitCodes } from '../../cli-error.ts'
import { type CliSettings, readCliSettings } from '../../cli-settings.ts'
import { dataPaths } from '../../supervisor/data-paths.ts'
import { readMeshRecord } from '../../supervisor/mesh-file.ts'
import { isRunning } from '../../supervisor/running-process.ts'
import { usageError } from './explain-failure.ts'
import { createTerminal, type Terminal } from './terminal.ts'
import { wholeNumberOption } from './whole-number-option.ts'

export function registerDb(program: Command): void {
  const db = program.command('db').description("the database's schema: of DATABASE_URLS, or of the running mesh")
  db.command('migrate')
    .description('bring the schema up to date')
    .option('--json', 'answer as JSON')
    .action((options: DbOptions) => withDatabase(options, migrate))
  db.command('rollback')
    .description('take back the newest migrations, and the data they hold')
    .option('--steps <number>', 'how many migrations', wholeNumberOption('--steps', { min: 1, max: 1_000 }), 1)
    .option('--yes', 'really do it')
    .option('--json', 'answer as JSON')
    .action((options: RollbackOptions) => withDatabase(options, (shown) => rollback(shown, options)))
  db.command('status')
    .description('show which migrations are applied')
    .option('--json', 'answer as JSON')
    .action((options: DbOptions) => withDatabase(options, showStatus))
}

type DbOptions = { json?: boolean }
type RollbackOptions = DbOptions & { steps: number; yes?: boolean }
type Shown = { database: Database; terminal: Terminal; isJson: boolean }

async function migrate({ database, terminal, isJson }: Shown): Promise<void> {
  const applied = await migrateUp(database)
  if (isJson) terminal.printJson({ applied })
  else terminal.print(applied.length === 0 ? 'the schema is up to date' : `applied ${applied.join(', ')}`)
}

/** Takes migrations back. As data is deleted with its tables, nothing is done without `--yes`, except to show what would be. */
export async function rollback({ database, terminal, isJson }: Shown, { steps, yes }: RollbackOptions): Promise<void> {
  if (yes !== true) {
    const applied = (await migrationStatus(database)).flatMap(({ name, appliedAt }) => (appliedAt === undefined ? [] : [name]))
    const names = applied.toReversed().slice(0, steps).join(', ')
    throw usageError(
      names === '' ? 'no migration is applied' : `this takes back ${names} and deletes the data they hold; add --yes to do it`,
    )
  }
  const undone = await migrateDown(database, steps)
  if (isJson) terminal.printJson({ undone })
  else terminal.print(undone.length === 0 ? 'no migration was applied' : `took back ${undone.join(', ')}`)
}

async function showStatus({ database, terminal, isJson }: Shown): Promise<void> {
  const migrations = await migrationStatus(database)
  if (isJson) terminal.printJson({ migrations: migrations.map(({ name, appliedAt = null }) => ({ name, appliedAt })) })
  else for (const { name, appliedAt } of migrations) terminal.print(`${name}  ${appliedAt?.toISOString() ?? 'not applied'}`)
}

async function withDatabase({ json }: DbOptions, run: (shown: Shown) => Promise<void>): Promise<void> {
  const terminal = createTerminal()
  const database = openDatabase({ urls: databaseUrls(readCliSettings()), poolSize: 2 })
  try {
    await run({ database, terminal, isJson: json === true })
  } finally {
    await database.stop()
  }
}

/** The URLs of the database. The embedded one only runs with the mesh, whose record has its port. */
export function databaseUrls(settings: Pick<CliSettings, 'databaseUrls' | 'dataFolder'>): string[] {
  if (settings.databaseUrls !== undefined) return settings.databaseUrls.split(',').map((url) => url.trim())
  const record = readMeshRecord(dataPaths(settings.dataFolder).meshFile)
  const port = record?.ports['pglite.tcp']
  if (record !== undefined && port !== undefined && isRunning(record.supervisor)) {
    return [`postgres://postgres@127.0.0.1:${port}/postgres`]
  }
  throw new CliError('mesh_not_up', 'no database: set DATABASE_URLS, or start Weft with "npm start"', {
    exitCode: exitCodes.meshNotUp,
  })
}
