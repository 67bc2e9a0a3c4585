import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { CliSettings } from '../cli-settings.ts'
import { rootFolder } from '../cli-settings.ts'
import { redisConnection } from './sidecar-process.ts'
import { createFolder } from './create-folder.ts'
import { readSpanTarget, renderDaprConfiguration } from './dapr-configuration.ts'
import { renderDaprEnvironment } from './dapr-environment.ts'
import type { DataPaths } from './data-paths.ts'
import { readMeshRecord } from './mesh-file.ts'
import { type AppId, appIds, chooseMeshPorts, debuggingPorts, type MeshPlan, portOf } from './mesh-plan.ts'
import { ensureTokens } from './mesh-secrets.ts'
import { redisConfiguration } from './redis-configuration.ts'
import { replaceFile } from './replace-file.ts'
import { readToolchain } from './toolchain.ts'

export interface PrepareOptions {
  settings: CliSettings
  paths: DataPaths
  replicas: Partial<Record<AppId, number>>
  infrastructureOnly: boolean
}

/** Chooses ports and tokens, and writes the files that the processes read. The caller must have the lock. Throws `program_missing`. */
export async function prepareMesh({ settings, paths, replicas, infrastructureOnly }: PrepareOptions): Promise<MeshPlan> {
  const toolchain = readToolchain(settings.toolchainFile)
  const wished = { ...readMeshRecord(paths.meshFile)?.ports, ...(infrastructureOnly ? debuggingPorts : {}) }
  const { port: publicPort, databaseUrls, redisUrl, compileCacheFolder, environment } = settings
  const plan: MeshPlan = {
    root: rootFolder,
    paths,
    toolchain,
    tokens: ensureTokens(paths.tokensFile, appIds),
    publicPort,
    ports: await chooseMeshPorts(replicas, wished),
    replicas,
    databaseUrls,
    redisUrl,
    compileCacheFolder,
    environment,
  }
  writeProcessFiles(plan, settings)
  if (infrastructureOnly) writeDebuggingFiles(plan)
  return plan
}

function writeProcessFiles(plan: MeshPlan, { appendFsync, redisMaxMemory: maxMemory }: CliSettings): void {
  const { paths, tokens, environment } = plan
  // Otherwise names of an earlier start would be given to callers until they expire.
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${paths.namesDatabase}${suffix}`, { force: true })
  const place = { port: portOf(plan, 'redis.tcp'), password: tokens.redisPassword, dataFolder: paths.redisData }
  replaceFile(paths.redisConf, redisConfiguration({ ...place, appendFsync, maxMemory }))
  const facts = { namesDatabase: paths.namesDatabase, spans: readSpanTarget(environment) }
  replaceFile(paths.daprConfiguration, renderDaprConfiguration(join(plan.root, 'dapr', 'config.yaml'), facts))
}

function writeDebuggingFiles(plan: MeshPlan): void {
  // Needed because dapr/config.yaml names a file in it, whatever the data folder is.
  createFolder(join(plan.root, '.weft', 'run'))
  replaceFile(plan.paths.daprEnvironment, renderDaprEnvironment(plan, redisConnection(plan)))
}
