import { availableParallelism } from 'node:os'
import { componentFolders, type MeshPlan, portOf, portsOf } from './mesh-plan.ts'
import { minimalEnvironment } from './process-environment.ts'
import type { ProcessSpec } from './process-spec.ts'
import { ownRedis, type RedisConnection, redisFromUrl } from './redis-configuration.ts'

/** Stopped after the services, which still need their sidecars while they finish. */
const stopStage = 3
/** Many idle connections or a large body may grow a sidecar up to this size, before its garbage collector works harder. */
const sidecarMemoryMax = '192MiB'
/**
 * How far a heap grows before it is collected, in per cent (Go's GOGC). The orchestrator's sidecar handles every step: with 300 instead of 150, it took 6 % less processor
 * time for a step (three paired runs of bench/orchestration), and about 20 MB more. The others have Go's default.
 */
const heapGrowth = { orchestrator: '400', others: '100' }
/**
 * How many threads of a sidecar run at once. Five sidecars share the machine. On two cores, one thread each takes 10 to 15 % less processor time for the same answer than
 * two, which wake each other for work that one could have done.
 */
const sidecarThreads = Math.ceil(availableParallelism() / 4)

/** The process of an app's sidecar. In the plan, its ports are `<name>-daprd.*`, and that of the app is `<name>.app`. */
export function sidecarSpec(plan: MeshPlan, { name, appId }: { name: string; appId: string }): ProcessSpec {
  const sidecar = `${name}-daprd`
  const tokens = tokensOf(plan, appId)
  return {
    name: sidecar,
    command: plan.toolchain.daprd,
    args: sidecarArguments(plan, { appId, appPort: portOf(plan, `${name}.app`), ports: portsOf(plan, sidecar) }),
    env: {
      ...minimalEnvironment(plan),
      ...openTelemetryVariables(plan.environment),
      ...redisConnection(plan),
      DAPR_HOST_IP: '127.0.0.1',
      DAPR_API_TOKEN: tokens.apiToken,
      APP_API_TOKEN: tokens.appToken,
      GOGC: appId === 'orchestrator' ? heapGrowth.orchestrator : heapGrowth.others,
      GOMEMLIMIT: sidecarMemoryMax,
      GOMAXPROCS: String(sidecarThreads),
    },
    cwd: plan.root,
    ports: portsOf(plan, sidecar),
    startsAfter: plan.redisUrl === undefined ? ['redis'] : [],
    probe: { kind: 'http', port: portOf(plan, `${sidecar}.http`), path: '/v1.0/healthz' },
    unhealthyAfterMs: 30_000,
    stopStage,
    stopGraceMs: 8_000,
  }
}

interface SidecarPlace {
  appId: string
  appPort: number
  ports: Record<string, number>
}

function sidecarArguments(plan: MeshPlan, { appId, appPort, ports }: SidecarPlace): string[] {
  const { http, grpc, internal, metrics } = ports
  // biome-ignore format: a flag and its value are one line
  return [
    '--app-id', appId,
    '--app-port', String(appPort),
    '--dapr-listen-addresses', '127.0.0.1',
    '--dapr-http-port', String(http),
    '--dapr-grpc-port', String(grpc),
    '--dapr-internal-grpc-listen-address', '127.0.0.1',
    '--dapr-internal-grpc-port', String(internal),
    '--metrics-listen-address', '127.0.0.1',
    '--metrics-port', String(metrics),
    '--placement-host-address', `127.0.0.1:${portOf(plan, 'placement.grpc')}`,
    '--scheduler-host-address', `127.0.0.1:${portOf(plan, 'scheduler.grpc')}`,
    ...componentFolders(plan.root).flatMap((folder) => ['--resources-path', asOneValue(folder)]),
    '--config', asOneValue(plan.paths.daprConfiguration),
    // Large enough for traceparent, tracestate and baggage besides a service's own headers, and for evidence in request bodies.
    '--read-buffer-size', '16Ki',
    '--max-body-size', '16Mi',
    '--dapr-graceful-shutdown-seconds', '3',
    '--log-as-json',
  ]
}

/** These flags take several values, separated as in a CSV file (pflag, stringSlice). */
function asOneValue(path: string): string {
  return /[",]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path
}

export function redisConnection(plan: MeshPlan): RedisConnection {
  if (plan.redisUrl !== undefined) return redisFromUrl(plan.redisUrl)
  return ownRedis({ port: portOf(plan, 'redis.tcp'), password: plan.tokens.redisPassword })
}

/** The tokens by which an app and its sidecar know each other. */
export function tokensOf({ tokens }: MeshPlan, appId: string): { apiToken: string; appToken: string } {
  const found = tokens.apps[appId]
  if (found === undefined) throw new TypeError(`no tokens were made for ${appId}`)
  return found
}

/** The settings of the exporter, without OTEL_SERVICE_NAME, which would give every sidecar the same name. */
function openTelemetryVariables(environment: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => name.startsWith('OTEL_') && name !== 'OTEL_SERVICE_NAME'),
  )
}
