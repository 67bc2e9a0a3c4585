import { CliError, exitCodes } from '../../cli-error.ts'
import { type CliSettings, rootFolder } from '../../cli-settings.ts'
import { choosePorts, probePort } from '../../supervisor/choose-ports.ts'
import { dataPaths } from '../../supervisor/data-paths.ts'
import { type MeshRecord, readMeshRecord } from '../../supervisor/mesh-file.ts'
import type { MeshPlan } from '../../supervisor/mesh-plan.ts'
import { ensureTokens, newAppTokens } from '../../supervisor/mesh-secrets.ts'
import type { ProcessSpec } from '../../supervisor/process-spec.ts'
import { isRunning } from '../../supervisor/running-process.ts'
import { sidecarSpec, tokensOf } from '../../supervisor/sidecar-process.ts'
import { readToolchain } from '../../supervisor/toolchain.ts'

export interface AgentWish {
  appId: string
  appPort: number
  /** The program and its arguments. */
  command: string[]
}

export interface AgentSpecs {
  program: ProcessSpec
  sidecar: ProcessSpec
}

/** The processes of the program and its sidecar, to be run like those of the mesh. Throws when the mesh is not up, or the port is taken. */
export async function agentSpecs(settings: CliSettings, wish: AgentWish): Promise<AgentSpecs> {
  const record = requireMesh(settings)
  await requireFreePort(wish.appPort)
  const plan = await planOf(settings, record, wish)
  return { program: programSpec(plan, settings, wish), sidecar: sidecarSpec(plan, { name: wish.appId, appId: wish.appId }) }
}

/** Throws `mesh_not_up` when no mesh runs with this data folder. */
export function requireMesh(settings: CliSettings): MeshRecord {
  const record = readMeshRecord(dataPaths(settings.dataFolder).meshFile)
  if (record === undefined || !isRunning(record.supervisor)) {
    const message = `no mesh runs with the data folder ${settings.dataFolder}: start it with "npm start", or name its folder in WEFT_DATA`
    throw new CliError('mesh_not_up', message, { exitCode: exitCodes.meshNotUp })
  }
  if (settings.redisUrl === undefined && !record.processes.some(({ name }) => name === 'redis')) {
    throw new CliError('redis_unknown', 'the mesh was started with REDIS_URL: set the same here')
  }
  return record
}

async function requireFreePort(port: number): Promise<void> {
  if ((await probePort(port)) === 'free') return
  throw new CliError('port_taken', `port ${port} is taken by another program; the agent has to listen there itself`)
}

/** The part of the running mesh's plan that an additional app needs. */
async function planOf(settings: CliSettings, record: MeshRecord, { appId, appPort }: AgentWish): Promise<MeshPlan> {
  const paths = dataPaths(settings.dataFolder)
  const tokens = ensureTokens(paths.tokensFile, [])
  const own = await choosePorts(['http', 'grpc', 'internal', 'metrics'].map((purpose) => `${appId}-daprd.${purpose}`))
  return {
    root: rootFolder,
    paths,
    toolchain: readToolchain(settings.toolchainFile),
    tokens: { ...tokens, apps: { ...tokens.apps, [appId]: newAppTokens() } },
    publicPort: settings.port,
    ports: { ...record.ports, ...own, [`${appId}.app`]: appPort },
    replicas: {},
    databaseUrls: settings.databaseUrls,
    redisUrl: settings.redisUrl,
    compileCacheFolder: settings.compileCacheFolder,
    environment: settings.environment,
  }
}

/** The program gets the environment of this terminal, without the key of the mesh. */
function programSpec(plan: MeshPlan, { environment }: CliSettings, { appId, appPort, command }: AgentWish): ProcessSpec {
  const [file = '', ...args] = command
  const { apiToken, appToken } = tokensOf(plan, appId)
  const { WEFT_API_KEY: _adminKey, ...own } = environment
  return {
    name: appId,
    command: file,
    args,
    env: {
      ...own,
      APP_PORT: String(appPort),
      APP_API_TOKEN: appToken,
      DAPR_HTTP_PORT: String(plan.ports[`${appId}-daprd.http`]),
      DAPR_GRPC_PORT: String(plan.ports[`${appId}-daprd.grpc`]),
      DAPR_API_TOKEN: apiToken,
    },
    cwd: process.cwd(),
    ports: { app: appPort },
    startsAfter: [],
    probe: { kind: 'http', port: appPort, path: '/card', headers: { 'dapr-api-token': appToken } },
    unhealthyAfterMs: 60_000,
    stopStage: 1,
    stopGraceMs: 8_000,
  }
}
