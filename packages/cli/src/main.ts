import { Command, CommanderError } from 'commander'
import { CliError, exitCodes } from './cli-error.ts'
import { showControls } from './commands/client/show-controls.ts'
import { endQuietlyWithReader } from './lost-reader.ts'

type Register = (program: Command) => void

// One line for each verb. Only the verb that is called is loaded, so that the supervisor stays small and commands start quickly.
const verbs: Record<string, () => Promise<Register>> = {
  up: async () => (await import('./commands/up.ts')).registerUp,
  down: async () => (await import('./commands/down.ts')).registerDown,
  status: async () => (await import('./commands/status.ts')).registerStatus,
  logs: async () => (await import('./commands/logs.ts')).registerLogs,
  doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
  ingest: async () => (await import('./commands/client/ingest.ts')).registerIngest,
  ask: async () => (await import('./commands/client/ask.ts')).registerAsk,
  search: async () => (await import('./commands/client/search.ts')).registerSearch,
  evaluate: async () => (await import('./commands/evaluate/evaluate.ts')).registerEvaluate,
  embeddings: async () => (await import('./commands/client/embeddings.ts')).registerEmbeddings,
  approvals: async () => (await import('./commands/client/approvals.ts')).registerApprovals,
  agent: async () => (await import('./commands/agent.ts')).registerAgent,
  models: async () => (await import('./commands/client/models.ts')).registerModels,
  sessions: async () => (await import('./commands/client/sessions.ts')).registerSessions,
  usage: async () => (await import('./commands/client/usage.ts')).registerUsage,
  budgets: async () => (await import('./commands/client/budgets.ts')).registerBudgets,
  audit: async () => (await import('./commands/client/audit.ts')).registerAudit,
  retention: async () => (await import('./commands/client/retention.ts')).registerRetention,
  settings: async () => (await import('./commands/client/settings.ts')).registerSettings,
  keys: async () => (await import('./commands/client/keys.ts')).registerKeys,
  db: async () => (await import('./commands/client/db.ts')).registerDb,
}

// A mesh goes on when the reader of its output is gone.
if (process.argv[2] !== 'up') endQuietlyWithReader()
process.exitCode = await run(process.argv)

async function run(argv: string[]): Promise<number> {
  const program = new Command('weft').description('A mesh of agent services behind one OpenAI-compatible endpoint')
  program.showHelpAfterError().exitOverride()
  const called = verbs[argv[2] ?? '']
  for (const load of called === undefined ? Object.values(verbs) : [called]) (await load())(program)
  refuseExits(program)
  try {
    await program.parseAsync(argv)
    return Number(process.exitCode ?? exitCodes.done)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage
    console.error(showControls(error instanceof CliError ? `weft: ${error.message}` : describeUnexpected(error)))
    return error instanceof CliError ? error.exitCode : exitCodes.failed
  }
}

/** Makes commander throw wrong usage of every verb, instead of ending the process, so that it gets its own exit code. */
function refuseExits(command: Command): void {
  for (const verb of command.commands) refuseExits(verb.exitOverride())
}

/** The text of an unexpected error. One with a code has a message for people; any other is shown with its stack. */
function describeUnexpected(error: unknown): string {
  if (!(error instanceof Error)) return `weft: ${String(error)}`
  return 'code' in error && error.name !== 'Error'
    ? `weft: ${error.message}`
    : `weft: unexpected: ${error.stack ?? error.message}`
}
