import { type Command, InvalidArgumentError, Option } from 'commander'
import { readCliSettings } from '../cli-settings.ts'
import { type AppId, appIds } from '../supervisor/mesh-plan.ts'
import { upDetached } from './up-detached.ts'
import { upInForeground } from './up-in-foreground.ts'

/** The most copies of a service on one machine. They are for tests of failover, and not for speed. */
const replicasMax = 4

interface UpFlags {
  detach?: boolean
  infrastructure?: boolean
  replicas: Partial<Record<AppId, number>>
  json?: boolean
  ownOutput?: string
}

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('start the mesh and keep it running until Ctrl-C')
    .option('-d, --detach', 'return once it is ready; end it with: weft down')
    .option('--infrastructure', 'start only Redis, the database, placement and scheduler, on the ports dapr/dapr.yaml names')
    .option('--replicas <service=count,…>', 'run several copies of a service', parseReplicas, {})
    .option('--json', 'say that it is ready as one JSON object, and all else on standard error')
    .addOption(new Option('--own-output <file>', 'the file its output goes to, to be kept bounded').hideHelp())
    .action(async ({ detach = false, infrastructure = false, replicas, json = false, ownOutput }: UpFlags) => {
      const settings = readCliSettings()
      const up = { settings, replicas, infrastructureOnly: infrastructure, isJson: json, ownOutput }
      process.exitCode = detach ? await upDetached(up, process.argv) : await upInForeground(up)
    })
}

/** Parses `gateway=2,orchestrator=2`. */
export function parseReplicas(text: string): Partial<Record<AppId, number>> {
  const pairs = text.split(',').map((pair) => {
    const [name = '', digits = ''] = pair.split('=')
    const appId = appIds.find((id) => id === name)
    const count = Number(digits)
    if (appId === undefined) throw new InvalidArgumentError(`'${name}' is not one of ${appIds.join(', ')}.`)
    if (!Number.isInteger(count) || count < 1 || count > replicasMax)
      throw new InvalidArgumentError(`'${pair}' must say 1 to ${replicasMax}, like ${name}=2.`)
    return [appId, count]
  })
  return Object.fromEntries(pairs)
}
