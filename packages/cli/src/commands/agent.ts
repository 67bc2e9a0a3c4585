import type { Command } from 'commander'
import { usageError } from './client/explain-failure.ts'
import { withMesh } from './client/connect-mesh.ts'
import { wholeNumberOption } from './client/whole-number-option.ts'
import { runAgent } from './agent/run-agent.ts'

interface RunFlags {
  appId: string
  appPort: number
}

export function registerAgent(program: Command): void {
  const agent = program.command('agent').description('programs that join the mesh as agents')
  agent
    .command('run')
    .description('start a program beside a sidecar of the running mesh, and register the card it answers to GET /card')
    .requiredOption('--app-id <id>', 'the name of the agent: the same as in its card', appIdOption)
    .requiredOption(
      '--app-port <port>',
      'where the program listens on 127.0.0.1',
      wholeNumberOption('--app-port', { min: 1, max: 65_535 }),
    )
    .argument('<command...>', 'the program and its arguments, after --')
    .option('--json', 'answer as JSON once it has joined')
    .addHelpText('after', environmentHelp)
    .action(async (command: string[], { appId, appPort }: RunFlags, self: Command) => {
      await withMesh(self, (context) => runAgent(context, { appId, appPort, command }))
    })
}

const environmentHelp = `
The program finds in its environment:
  APP_PORT         where to listen (the --app-port)
  APP_API_TOKEN    what every request of the mesh brings in the header dapr-api-token; refuse others
  DAPR_HTTP_PORT   its own sidecar on 127.0.0.1, for state and calls of its own
  DAPR_API_TOKEN   what to send there in the header dapr-api-token`

function appIdOption(value: string): string {
  if (/^[a-z][a-z0-9-]{0,62}$/.test(value)) return value
  throw usageError('--app-id needs a lower case letter, then letters, digits and "-", 63 characters at most')
}
