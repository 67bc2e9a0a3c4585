import { accessSync, constants, statfsSync } from 'node:fs'
import { ApprovalPolicyFile } from '@weft/contracts'
import { loadYaml } from '@weft/settings'
import { CliError } from '../cli-error.ts'
import { probePort } from './choose-ports.ts'

/** The free space that a mesh needs at least, because databases fail when a disk is full. */
export const freeBytesMin = 200 * 1024 * 1024

/** Throws when the mesh cannot start here because the disk is full or the port is taken. */
export async function refuseUnfitPlace({ port, dataFolder }: { port: number; dataFolder: string }): Promise<void> {
  refuseFullDisk(dataFolder)
  await refuseTakenPort(port)
}

async function refuseTakenPort(port: number): Promise<void> {
  const state = await probePort(port)
  if (state === 'free') return
  const what = state === 'denied' ? `port ${port} is reserved to the administrator` : `port ${port} is taken by another program`
  throw new CliError('port_taken', `${what}; choose another: WEFT_PORT=${port < 1024 ? 8000 : port + 1} npm start`)
}

function refuseFullDisk(dataFolder: string): void {
  const freeBytes = freeBytesAt(dataFolder)
  if (freeBytes >= freeBytesMin) return
  const free = `${Math.floor(freeBytes / 1024 / 1024)} MB`
  throw new CliError(
    'disk_full',
    `the disk holding ${dataFolder} has ${free} free, and at least 200 MB are needed; free some, or set WEFT_DATA to another disk`,
  )
}

/** Throws `SettingsError` for a mistake in the approval policies, so that it is not only found when somebody should have been asked. */
export function refuseUnusablePolicies({ WEFT_APPROVAL_POLICIES: path }: Record<string, string>): void {
  if (path !== undefined) loadYaml(path, ApprovalPolicyFile)
}

export function freeBytesAt(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}
