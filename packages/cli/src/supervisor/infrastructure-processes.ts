import { join } from 'node:path'
import { startRefusedExitCode } from '@weft/contracts'
import { freeStaleLeadership } from './free-stale-leadership.ts'
import { type MeshPlan, portOf, portsOf } from './mesh-plan.ts'
import { minimalEnvironment, nodeArguments, nodeEnvironment } from './process-environment.ts'
import type { ProcessSpec } from './process-spec.ts'

/** Stopped after every service and sidecar, which need these to end cleanly. */
const stopStage = 4

/** The processes of Redis and the database, unless the environment names others, and of placement and scheduler. */
export function infrastructureSpecs(plan: MeshPlan): ProcessSpec[] {
  return [
    ...(plan.redisUrl === undefined ? [redisSpec(plan)] : []),
    ...(plan.databaseUrls === undefined ? [pgliteSpec(plan)] : []),
    placementSpec(plan),
    schedulerSpec(plan),
  ]
}

function redisSpec(plan: MeshPlan): ProcessSpec {
  return {
    ...common(plan, 'redis'),
    command: plan.toolchain.redisServer,
    args: [asRedisReads(plan.paths.redisConf)],
    env: minimalEnvironment(plan),
    probe: { kind: 'redis', port: portOf(plan, 'redis.tcp'), password: plan.tokens.redisPassword },
    stopGraceMs: 10_000,
  }
}

/** Redis takes a path with one of `*?[` for a pattern, and starts with no configuration at all where that fits nothing. */
function asRedisReads(path: string): string {
  return /[*?[]/.test(path) ? path.replace(/[*?[\]\\]/g, '\\$&') : path
}

function pgliteSpec(plan: MeshPlan): ProcessSpec {
  const port = portOf(plan, 'pglite.tcp')
  return {
    ...common(plan, 'pglite'),
    command: plan.toolchain.nodeBin,
    args: nodeArguments(join(plan.root, 'packages', 'database', 'src', 'pglite-main.ts')),
    env: { ...nodeEnvironment(plan), WEFT_PGLITE_PORT: String(port), WEFT_PGLITE_DATA: plan.paths.pgliteData },
    refusalExitCode: startRefusedExitCode,
    probe: { kind: 'postgres', port },
    // Long, because one long statement, such as building an index over all chunks, keeps it from answering anything else.
    unhealthyAfterMs: 300_000,
    stopGraceMs: 15_000,
  }
}

function placementSpec(plan: MeshPlan): ProcessSpec {
  const port = (purpose: string): string => String(portOf(plan, `placement.${purpose}`))
  const id = 'dapr-placement-0'
  return {
    ...common(plan, 'placement'),
    command: plan.toolchain.placement,
    // biome-ignore format: a flag and its value are one line
    args: [
      '--id', id,
      '--initial-cluster', `${id}=127.0.0.1:${port('raft')}`,
      '--listen-address', '127.0.0.1',
      '--port', port('grpc'),
      '--healthz-port', port('health'),
      '--metrics-port', port('metrics'),
      '--log-as-json',
    ],
    env: minimalEnvironment(plan),
    probe: { kind: 'http', port: Number(port('health')), path: '/healthz' },
  }
}

function schedulerSpec(plan: MeshPlan): ProcessSpec {
  const port = (purpose: string): string => String(portOf(plan, `scheduler.${purpose}`))
  const id = 'dapr-scheduler-server-0'
  return {
    ...common(plan, 'scheduler'),
    command: plan.toolchain.scheduler,
    // biome-ignore format: a flag and its value are one line
    args: [
      '--id', id,
      '--etcd-initial-cluster', `${id}=http://127.0.0.1:${port('etcdPeer')}`,
      '--etcd-client-listen-address', '127.0.0.1',
      '--etcd-client-port', port('etcd'),
      '--etcd-data-dir', plan.paths.schedulerData,
      '--etcd-initial-election-tick-advance=true',
      '--identity-directory-write', join(plan.paths.run, 'scheduler-identity'),
      '--override-broadcast-host-port', `127.0.0.1:${port('grpc')}`,
      '--listen-address', '127.0.0.1',
      '--port', port('grpc'),
      '--healthz-port', port('health'),
      '--metrics-port', port('metrics'),
      '--workers', '64',
      '--log-as-json',
    ],
    env: minimalEnvironment(plan),
    probe: { kind: 'http', port: Number(port('health')), path: '/healthz' },
    onStart: (signal) => freeStaleLeadership(Number(port('etcd')), signal),
    stopGraceMs: 10_000,
  }
}

function common(
  plan: MeshPlan,
  name: string,
): Pick<ProcessSpec, 'name' | 'cwd' | 'ports' | 'startsAfter' | 'unhealthyAfterMs' | 'stopStage' | 'stopGraceMs'> {
  return {
    name,
    cwd: plan.root,
    ports: portsOf(plan, name),
    startsAfter: [],
    unhealthyAfterMs: 30_000,
    stopStage,
    stopGraceMs: 5_000,
  }
}
