import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { errorMessage } from '@weft/contracts'
import { CliError } from '../cli-error.ts'
import { createFolder } from './create-folder.ts'

/** The files and folders of a mesh within its data folder. */
export interface DataPaths {
  data: string
  logs: string
  run: string
  /** The record of the running mesh: processes, ports, address. */
  meshFile: string
  lockFile: string
  tokensFile: string
  adminKeyFile: string
  /** For `weft ingest`: which folders are being synced, and what a killed sync left unfinished. */
  syncs: string
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
    syncs: join(data, 'syncs'),
    redisData: join(data, 'redis'),
    redisConf: join(run, 'redis.conf'),
    pgliteData: join(data, 'pglite'),
    schedulerData: join(data, 'scheduler'),
    namesDatabase: join(run, 'names.db'),
    daprConfiguration: join(run, 'dapr-configuration.yaml'),
    daprEnvironment: join(run, 'dapr.env'),
  }
}

/** Creates the folders, closed to other users of the machine. Throws `folder_refused` when one cannot be created or written to. */
export function createFolders({ data, logs, run, redisData, schedulerData }: DataPaths): void {
  for (const folder of [data, logs, run, redisData, schedulerData]) {
    createOrExplain(folder, { what: `the data folder ${data}`, remedy: 'set WEFT_DATA to a folder you may write to' })
  }
}

/** Creates the folder in which Node keeps compiled code between starts. Throws `folder_refused` when it cannot be used. */
export function createCompileCache(folder: string): void {
  createOrExplain(folder, { what: `the cache folder ${folder}`, remedy: 'set WEFT_CACHE to a folder you may write to' })
}

function createOrExplain(folder: string, { what, remedy }: { what: string; remedy: string }): void {
  try {
    createFolder(folder)
    accessSync(folder, constants.R_OK | constants.W_OK)
  } catch (cause) {
    const why = errorMessage(cause)
    throw new CliError('folder_refused', `cannot write ${what}: ${why}; ${remedy}`, { cause })
  }
}
