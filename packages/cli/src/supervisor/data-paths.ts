import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'

/** Where the mesh keeps what, under its data folder. */
export interface DataPaths {
  data: string
  logs: string
  run: string
  /** Of the running mesh: processes, ports, address. */
  meshFile: string
  lockFile: string
  tokensFile: string
  adminKeyFile: string
  redisData: string
  redisConf: string
  pgliteData: string
  schedulerData: string
  namesDatabase: string
  daprConfiguration: string
  daprEnvironment: string
}

export function dataPaths(data: string): DataPaths {
  const run = join(data, 'run')
  return {
    data,
    logs: join(data, 'logs'),
    run,
    meshFile: join(run, 'mesh.json'),
    lockFile: join(run, 'supervisor.lock'),
    tokensFile: join(run, 'tokens.json'),
    adminKeyFile: join(data, 'admin.key'),
    redisData: join(data, 'redis'),
    redisConf: join(run, 'redis.conf'),
    pgliteData: join(data, 'pglite'),
    schedulerData: join(data, 'scheduler'),
    namesDatabase: join(run, 'names.db'),
    daprConfiguration: join(run, 'dapr-configuration.yaml'),
    daprEnvironment: join(run, 'dapr.env'),
  }
}

/** Creates the folders, closed to other users of the machine. Throws `data_folder` when that is not allowed. */
export function createFolders({ data, logs, run, redisData, schedulerData }: DataPaths): void {
  try {
    for (const folder of [data, logs, run, redisData, schedulerData]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError(
      'data_folder',
      `cannot create the data folder ${data}: ${why}; set WEFT_DATA to a folder you may write to`,
      { cause },
    )
  }
}
