import type { Command } from 'commander'
import { CliError } from '../../cli-error.ts'
import { type ClientContext, withMesh } from './connect-mesh.ts'
import {
  addRemoved,
  describeDue,
  describeRemoved,
  describeRetention,
  nothingRemoved,
  RetentionRun,
  RetentionState,
} from './retention-report.ts'

export function registerRetention(program: Command): void {
  const retention = program
    .command('retention')
    .description(
      'for how long sessions, calls and audit are kept, and the archive they go to then (needs a key with the scope admin)',
    )
  retention
    .command('status', { isDefault: true })
    .description('show for how long what is kept, what is due to go, and where to')
    .option('--json', 'answer as JSON')
    .action((_options: unknown, command: Command) => withMesh(command, showStatus))
  retention
    .command('run')
    .description('put what is due into the archive and remove it now; the mesh does so by itself within an hour')
    .option('--dry-run', 'say what would go, and do nothing')
    .option('--json', 'answer as JSON')
    .action((options: { dryRun?: boolean }, command: Command) =>
      withMesh(command, (context) => (options.dryRun === true ? showDue(context) : run(context))),
    )
}

async function readState({ mesh }: Pick<ClientContext, 'mesh'>): Promise<RetentionState> {
  return RetentionState.parse(await mesh.client.get('/retention'))
}

async function showStatus(context: ClientContext): Promise<void> {
  const state = await readState(context)
  if (context.isJson) context.terminal.printJson(state)
  else for (const line of describeRetention(state)) context.terminal.print(line)
}

async function showDue(context: ClientContext): Promise<void> {
  const { due } = await readState(context)
  if (context.isJson) context.terminal.printJson(due)
  else for (const line of describeDue(due)) context.terminal.print(line)
}

/** Each request makes the mesh work for some seconds, so it is asked again until nothing more is due. */
async function run({ mesh, terminal, isJson }: ClientContext): Promise<void> {
  let removed = nothingRemoved
  let problem: string | null = null
  for (;;) {
    const swept = RetentionRun.parse(await mesh.client.post('/retention/run'))
    removed = addRemoved(removed, swept.removed)
    problem ??= swept.problem
    if (swept.isMoreDue) {
      terminal.showProgress(describeRemoved(removed))
      continue
    }
    if (isJson) terminal.printJson({ removed, problem })
    else terminal.print(describeRemoved(removed))
    if (problem !== null) throw new CliError('incomplete', `some of what is due stays: ${problem}`)
    return
  }
}
