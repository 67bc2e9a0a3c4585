import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { CliSettings } from '../cli-settings.ts'
import { checkHealth } from './check-health.ts'
import { checkRedis } from './check-redis.ts'
import { probePort } from './choose-ports.ts'
import { type DataPaths, dataPaths } from './data-paths.ts'
import { findOrphans } from './end-orphans.ts'
import { checkExternalRedis } from './external-redis.ts'
import type { Finding } from './finding.ts'
import { findLastReason } from './last-reason.ts'
import { readMeshRecord } from './mesh-file.ts'
import { readLockOwner } from './mesh-lock.ts'
import { findKeyProblem, readTokens } from './mesh-secrets.ts'
import { freeBytesAt, freeBytesMin, isWritable } from './preflight.ts'
import type { ProcessSnapshot } from './process-snapshot.ts'
import { readReplaced } from './replace-file.ts'

/** Whether the mesh can run, or runs well, with this data folder and port. */
export async function checkPlace({
  dataFolder,
  port,
  redisUrl,
  databaseUrls,
}: Pick<CliSettings, 'dataFolder' | 'port' | 'redisUrl' | 'databaseUrls'>): Promise<Finding[]> {
  const paths = dataPaths(dataFolder)
  const isUp = readLockOwner(paths.lockFile) !== undefined
  const named = [
    ...(redisUrl === undefined ? [] : [await checkExternalRedis(redisUrl)]),
    ...(databaseUrls === undefined ? [] : [await (await import('./external-database.ts')).checkExternalDatabase(databaseUrls)]),
  ]
  const place = [checkFolder(dataFolder), checkDisk(dataFolder), checkKey(paths), ...named]
  if (isUp) return [...place, checkProcesses(paths), ...(await redisOf(paths)), ...(await healthOf(paths))]
  const orphans = checkOrphans(paths)
  // The port is not checked when there are orphans, because they may hold it, and would then be reported twice.
  return orphans.ok ? [...place, orphans, await checkPort(port)] : [...place, orphans]
}

function checkFolder(dataFolder: string): Finding {
  const ok = isWritable(nearestExisting(dataFolder))
  return {
    what: 'data folder',
    ok,
    detail: ok ? dataFolder : `${dataFolder} may not be written`,
    remedy: `chown it to yourself, or set WEFT_DATA to a folder of yours`,
  }
}

function checkDisk(dataFolder: string): Finding {
  const freeBytes = freeBytesAt(nearestExisting(dataFolder))
  const detail = `${(freeBytes / 1024 ** 3).toFixed(1)} GB free`
  return { what: 'disk', ok: freeBytes >= freeBytesMin, detail, remedy: 'free at least 200 MB, or set WEFT_DATA to another disk' }
}

function checkKey({ adminKeyFile }: DataPaths): Finding {
  const key = readReplaced(adminKeyFile)
  if (key === undefined) return { what: 'admin key', ok: true, detail: `none in ${adminKeyFile} yet: the next start makes one` }
  const problem = findKeyProblem(key.trim())
  if (problem !== undefined) {
    const detail = `${adminKeyFile} holds no usable key: ${problem}`
    return {
      what: 'admin key',
      ok: false,
      detail,
      remedy: 'put the key back from a backup, or remove the file: a start makes a new one',
    }
  }
  const isPrivate = (statSync(adminKeyFile).mode & 0o077) === 0
  const detail = isPrivate ? adminKeyFile : `${adminKeyFile} can be read by other users`
  return { what: 'admin key', ok: isPrivate, detail, remedy: `chmod 600 ${adminKeyFile}` }
}

async function checkPort(port: number): Promise<Finding> {
  const state = await probePort(port)
  return { what: 'port', ok: state === 'free', detail: `${port} is ${state}`, remedy: `WEFT_PORT=${port + 1} npm start` }
}

function checkOrphans({ meshFile }: DataPaths): Finding {
  const orphans = findOrphans(readMeshRecord(meshFile))
  const detail =
    orphans.length === 0
      ? 'none left of an earlier start'
      : `left without a supervisor: ${orphans.map(({ name }) => name).join(', ')}`
  return { what: 'processes', ok: orphans.length === 0, detail, remedy: 'npx weft down' }
}

function checkProcesses({ meshFile, logs }: DataPaths): Finding {
  const failing = (readMeshRecord(meshFile)?.processes ?? []).filter(({ state }) => state !== 'ready')
  const detail =
    failing.length === 0
      ? 'the mesh is up and every process is ready'
      : failing.map((one) => describeFailing(one, logs)).join('; ')
  return { what: 'processes', ok: failing.length === 0, detail, remedy: `see what they wrote, in ${logs}` }
}

function describeFailing(snapshot: ProcessSnapshot, logs: string): string {
  const { name, state, lastExit } = snapshot
  const reason = findLastReason(snapshot, logs) ?? (snapshot.pid === undefined ? lastExit : undefined)
  return `${name} is ${state}${reason === undefined ? '' : `: ${reason}`}`
}

/** Checks the embedded Redis, if the mesh runs it. */
async function redisOf({ meshFile, tokensFile }: DataPaths): Promise<Finding[]> {
  const redis = readMeshRecord(meshFile)?.processes.find(({ name, state }) => name === 'redis' && state === 'ready')
  const password = readTokens(tokensFile)?.redisPassword
  return redis?.ports.tcp === undefined || password === undefined ? [] : [await checkRedis({ port: redis.ports.tcp, password })]
}

/** Asks the gateway for its health. There is none while the mesh is still starting, or when only its infrastructure runs. */
async function healthOf({ meshFile }: DataPaths): Promise<Finding[]> {
  const record = readMeshRecord(meshFile)
  const isServing = record?.ready === true && record.processes.some(({ name }) => name.startsWith('gateway'))
  return isServing ? [await checkHealth(record.url)] : []
}

function nearestExisting(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearestExisting(dirname(folder))
}
