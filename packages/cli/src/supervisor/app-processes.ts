import { join } from 'node:path'
import { startRefusedExitCode } from '@weft/contracts'
import { type AppId, databaseUrlsOf, type Instance, type MeshPlan, portOf, portsOf } from './mesh-plan.ts'
import { type Collection, nodeArguments, nodeEnvironment } from './process-environment.ts'
import type { ProcessSpec } from './process-spec.ts'
import { sidecarSpec, tokensOf } from './sidecar-process.ts'

/** Gateways stop first, so that they finish what they have begun, then the other services, then their sidecars (sidecar-process.ts). */
const stopStages = { gateway: 1, service: 2 }
/**
 * Hundreds of sessions at once do not fit into a small young generation, and collecting it took a quarter of the orchestrator's time and a sixth of the gateway's. With
 * four searches at once it took a fifth of rag's time, and a tenth with 16 MB. Streams that begin while the gateway looks through its whole heap wait for that: of
 * 200 that begin within 2 s the first token's 99th percentile was 33 to 43 ms, and is 18 with more room to grow (`bench/relayed-streams`).
 */
const collections: Partial<Record<AppId, Collection>> = {
  orchestrator: { youngMb: 32 },
  gateway: { youngMb: 16, growthPercent: 50 },
  rag: { youngMb: 16 },
}

/**
 * The memory that each step of the local embedding model allocates and frees. malloc must keep it: returning it to the system each time took more than half of the
 * processor time (7.2 s instead of 3.1 for 12,390 tokens).
 */
const kept = String(16 * 1_048_576)
const keptMemory = { MALLOC_TRIM_THRESHOLD_: kept, MALLOC_MMAP_THRESHOLD_: kept }

/** The processes of a service and its sidecar. They start, fail and are started again independently of each other. */
export function appSpecs(plan: MeshPlan, instance: Instance): ProcessSpec[] {
  return [appSpec(plan, instance), sidecarSpec(plan, instance)]
}

function appSpec(plan: MeshPlan, instance: Instance): ProcessSpec {
  const { name, appId } = instance
  const isGateway = appId === 'gateway'
  const port = portOf(plan, `${name}.app`)
  return {
    name,
    command: plan.toolchain.nodeBin,
    args: nodeArguments(join(plan.root, 'services', appId, 'src', 'main.ts'), collections[appId]),
    env: appEnvironment(plan, instance),
    cwd: plan.root,
    ports: { ...(isGateway ? { public: publicPortOf(plan, instance) } : {}), ...portsOf(plan, name) },
    startsAfter: [],
    refusalExitCode: startRefusedExitCode,
    probe: { kind: 'http', port, path: '/readyz', alivePath: '/livez' },
    unhealthyAfterMs: 30_000,
    stopStage: isGateway ? stopStages.gateway : stopStages.service,
    stopGraceMs: 15_000,
  }
}

function appEnvironment(plan: MeshPlan, instance: Instance): Record<string, string> {
  const { name, appId, index } = instance
  const { apiToken, appToken } = tokensOf(plan, appId)
  const { WEFT_API_KEY: _adminKey, OTEL_SERVICE_NAME: _oneNameForAll, ...environment } = plan.environment
  return {
    ...environment,
    ...nodeEnvironment(plan),
    ...(appId === 'rag' ? keptMemory : {}),
    WEFT_APP_PORT: String(portOf(plan, `${name}.app`)),
    DAPR_HTTP_PORT: String(portOf(plan, `${name}-daprd.http`)),
    DAPR_GRPC_PORT: String(portOf(plan, `${name}-daprd.grpc`)),
    DAPR_API_TOKEN: apiToken,
    APP_API_TOKEN: appToken,
    DATABASE_URLS: databaseUrlsOf(plan),
    WEFT_INSTANCE: String(index),
    WEFT_DATA: plan.paths.data,
    WEFT_LEDGER_FOLDER: join(plan.paths.data, 'ledger'),
    ...(appId === 'gateway'
      ? {
          WEFT_PORT: String(publicPortOf(plan, instance)),
          WEFT_ADMIN_KEY_FILE: plan.paths.adminKeyFile,
          WEFT_ARCHIVE_FOLDER: environment.WEFT_ARCHIVE_FOLDER ?? join(plan.paths.data, 'archive'),
        }
      : {}),
  }
}

function publicPortOf(plan: MeshPlan, { name, index }: Instance): number {
  return index === 0 ? plan.publicPort : portOf(plan, `${name}.public`)
}
