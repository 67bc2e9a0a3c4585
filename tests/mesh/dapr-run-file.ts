import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadYaml } from '@weft/settings'
import { z } from 'zod'
import { freePorts, isFree, root } from './running-mesh.ts'

const App = z.looseObject({
  appID: z.string(),
  appPort: z.number(),
  daprHTTPPort: z.number(),
  daprGRPCPort: z.number(),
  daprInternalGRPCPort: z.number(),
  metricsPort: z.number(),
  env: z.record(z.string(), z.string()),
})
const DaprRun = z.looseObject({
  common: z.looseObject({ placementHostAddress: z.string(), schedulerHostAddress: z.string() }),
  apps: z.array(App).min(1),
})
type DaprRun = z.infer<typeof DaprRun>

export interface DaprRunFile {
  path: string
  /** How its sidecars behave; for a service that is run alone. */
  configuration: string
  /** Ports by app id. */
  apps: Map<string, { app: number; sidecar: number }>
  publicPort: number
  /** Ports of dapr/dapr.yaml that others hold; none when that file itself is to be run. */
  taken: number[]
}

/** Where placement and scheduler listen. */
export interface Infrastructure {
  placement: number
  scheduler: number
}

/**
 * The file to hand to `dapr run -f`: dapr/dapr.yaml itself where its ports are free, else a copy of it in `folder` with other
 * ports and names of its own, so that a mesh which runs from the file already is not disturbed.
 */
export async function daprRunFile(folder: string, infrastructure: Infrastructure): Promise<DaprRunFile> {
  const path = join(root, 'dapr', 'dapr.yaml')
  const file = loadYaml(path, DaprRun)
  const taken = await takenPorts(file, infrastructure)
  if (taken.length === 0) return { path, configuration: join(root, 'dapr', 'config.yaml'), ...portsOf(file), taken }
  const configuration = configurationWithOwnNames(folder)
  const copy = await copyWithOtherPorts(file, { configuration, infrastructure })
  const copyPath = join(folder, 'dapr.yaml')
  // JSON is YAML.
  writeFileSync(copyPath, JSON.stringify(copy, null, 2))
  return { path: copyPath, configuration, ...portsOf(copy), taken }
}

function portsOf({ apps }: DaprRun): Pick<DaprRunFile, 'apps' | 'publicPort'> {
  const publicPort = Number(apps.find(({ appID }) => appID === 'gateway')?.env.WEFT_PORT)
  return { apps: new Map(apps.map((app) => [app.appID, { app: app.appPort, sidecar: app.daprHTTPPort }])), publicPort }
}

const portNames = ['appPort', 'daprHTTPPort', 'daprGRPCPort', 'daprInternalGRPCPort', 'metricsPort'] as const

async function takenPorts(file: DaprRun, infrastructure: Infrastructure): Promise<number[]> {
  const named = [...file.apps.flatMap((app) => portNames.map((name) => app[name])), portsOf(file).publicPort]
  const free = await Promise.all(named.map(isFree))
  const { placementHostAddress, schedulerHostAddress } = file.common
  const displaced = [
    { named: placementHostAddress, is: infrastructure.placement },
    { named: schedulerHostAddress, is: infrastructure.scheduler },
  ].filter(({ named, is }) => named !== `127.0.0.1:${is}`)
  return [...named.filter((_, index) => !free[index]), ...displaced.map(({ named }) => Number(named.split(':')[1]))]
}

async function copyWithOtherPorts(
  { apps, common, ...rest }: DaprRun,
  { configuration, infrastructure }: { configuration: string; infrastructure: Infrastructure },
): Promise<DaprRun> {
  const ports = await freePorts(apps.length * portNames.length + 1)
  const next = (): number => ports.pop() ?? 0
  const renew = (app: z.infer<typeof App>): z.infer<typeof App> => {
    const renewed = { ...app, ...Object.fromEntries(portNames.map((name) => [name, next()])), appDirPath: root }
    const env = { ...app.env, WEFT_APP_PORT: String(renewed.appPort) }
    return { ...renewed, env: 'WEFT_PORT' in env ? { ...env, WEFT_PORT: String(next()) } : env }
  }
  return {
    ...rest,
    common: {
      ...common,
      resourcesPaths: ['components', 'resiliency'].map((name) => join(root, 'dapr', name)),
      configFilePath: configuration,
      placementHostAddress: `127.0.0.1:${infrastructure.placement}`,
      schedulerHostAddress: `127.0.0.1:${infrastructure.scheduler}`,
    },
    apps: apps.map(renew),
  }
}

/** dapr/config.yaml with the file of names in `folder`. */
function configurationWithOwnNames(folder: string): string {
  const path = join(folder, 'config.yaml')
  const text = readFileSync(join(root, 'dapr', 'config.yaml'), 'utf8')
  const renamed = text.replace(/"file:[^"]*"/, `"file:${join(folder, 'names.db')}"`)
  if (renamed === text) throw new Error('dapr/config.yaml names no file for names')
  writeFileSync(path, renamed)
  return path
}
