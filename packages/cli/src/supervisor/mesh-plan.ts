import { join } from 'node:path'
import { choosePorts } from './choose-ports.ts'
import type { DataPaths } from './data-paths.ts'
import type { MeshTokens } from './mesh-secrets.ts'
import type { Toolchain } from './toolchain.ts'

/** The services in the order of `weft status`. */
export const appIds = ['planner', 'orchestrator', 'reasoning', 'rag', 'gateway'] as const
export type AppId = (typeof appIds)[number]

/** Everything that the specifications of the processes are made from. */
export interface MeshPlan {
  root: string
  paths: DataPaths
  toolchain: Toolchain
  tokens: MeshTokens
  /** Public port of the first gateway. */
  publicPort: number
  /** Ports by `process.purpose`. */
  ports: Record<string, number>
  replicas: Partial<Record<AppId, number>>
  databaseUrls: string | undefined
  redisUrl: string | undefined
  compileCacheFolder: string
  /** The variables that are passed on to the services. */
  environment: Record<string, string>
}

/** One copy of a service: `gateway` when it is the only one, else `gateway-1`, `gateway-2`, … */
export interface Instance {
  appId: AppId
  name: string
  index: number
}

export function instancesOf(replicas: Partial<Record<AppId, number>>): Instance[] {
  return appIds.flatMap((appId) => {
    const count = replicas[appId] ?? 1
    return Array.from({ length: count }, (_, index) => ({ appId, index, name: count === 1 ? appId : `${appId}-${index + 1}` }))
  })
}

const infrastructurePorts = [
  'redis.tcp',
  'pglite.tcp',
  'placement.grpc',
  'placement.health',
  'placement.metrics',
  'placement.raft',
  'scheduler.grpc',
  'scheduler.health',
  'scheduler.metrics',
  'scheduler.etcd',
  'scheduler.etcdPeer',
]

/** The ports that dapr/dapr.yaml names, for debugging single services against a running infrastructure. */
export const debuggingPorts = { 'redis.tcp': 6390, 'pglite.tcp': 5442, 'placement.grpc': 50005, 'scheduler.grpc': 50006 }

/** Chooses every port of the mesh except the public one. Ports of an earlier start are taken again if they are free. */
export function chooseMeshPorts(
  replicas: Partial<Record<AppId, number>>,
  earlier: Record<string, number>,
): Promise<Record<string, number>> {
  const names = instancesOf(replicas).flatMap(({ appId, index, name }) => [
    `${name}.app`,
    ...(appId === 'gateway' && index > 0 ? [`${name}.public`] : []),
    ...['http', 'grpc', 'internal', 'metrics'].map((purpose) => `${name}-daprd.${purpose}`),
  ])
  return choosePorts([...infrastructurePorts, ...names], earlier)
}

/** The ports of one process, by purpose. */
export function portsOf({ ports }: Pick<MeshPlan, 'ports'>, process: string): Record<string, number> {
  const prefix = `${process}.`
  return Object.fromEntries(
    Object.entries(ports).flatMap(([name, port]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), port]] : [])),
  )
}

export function portOf({ ports }: Pick<MeshPlan, 'ports'>, name: string): number {
  const port = ports[name]
  if (port === undefined) throw new TypeError(`no port was chosen for ${name}`)
  return port
}

/** Where the services find the database. */
export function databaseUrlsOf(plan: Pick<MeshPlan, 'ports' | 'databaseUrls'>): string {
  return plan.databaseUrls ?? `postgres://postgres@127.0.0.1:${portOf(plan, 'pglite.tcp')}/postgres`
}

export const componentFolders = (root: string): string[] => [join(root, 'dapr', 'components'), join(root, 'dapr', 'resiliency')]
