import { Command, CommanderError } from 'commander'
import { CliError, exitCodes } from './cli-error.ts'
import { registerDoctor } from './commands/doctor.ts'
import { registerDown } from './commands/down.ts'
import { registerLogs } from './commands/logs.ts'
import { registerStatus } from './commands/status.ts'
import { registerUp } from './commands/up.ts'

// One line a verb: each file under commands/ exports `registerX(program)` and nothing else.
const verbs = [registerUp, registerDown, registerStatus, registerLogs, registerDoctor]

process.exitCode = await run(process.argv)

async function run(argv: string[]): Promise<number> {
  const program = new Command('weft').description('A mesh of agent services behind one OpenAI-compatible endpoint')
  program.showHelpAfterError().exitOverride()
  for (const register of verbs) register(program)
  for (const verb of program.commands) verb.exitOverride()
  try {
    await program.parseAsync(argv)
    return Number(process.exitCode ?? exitCodes.done)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage
    console.error(error instanceof CliError ? `weft: ${error.message}` : describeUnexpected(error))
    return error instanceof CliError ? error.exitCode : exitCodes.failed
  }
}

/** Errors that name themselves with a code were written for people; anything else shows where it came from. */
function describeUnexpected(error: unknown): string {
  if (!(error instanceof Error)) return `weft: ${String(error)}`
  return 'code' in error && error.name !== 'Error'
    ? `weft: ${error.message}`
    : `weft: unexpected: ${error.stack ?? error.message}`
}
