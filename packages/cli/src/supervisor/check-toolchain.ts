import { execFileSync } from 'node:child_process'
import { errorMessage } from '@weft/contracts'
import { systemErrorCode } from '../cli-error.ts'
import type { CliSettings } from '../cli-settings.ts'
import type { Finding } from './finding.ts'
import { readToolchain, type Toolchain } from './toolchain.ts'

const askTimeoutMs = 5_000

/**
 * The oldest versions that the mesh runs on. Node 24 runs TypeScript directly; Redis 6.2 is the first with the command by which Dapr's pub/sub claims
 * messages.
 */
const versionsMin = { nodeBin: '24.0', daprd: '1.18', redisServer: '6.2' }

/** Whether each program is there and new enough. */
export function checkToolchain({ toolchainFile }: Pick<CliSettings, 'toolchainFile'>): Finding[] {
  let toolchain: Toolchain
  try {
    toolchain = readToolchain(toolchainFile)
  } catch (error) {
    return [{ what: 'programs', ok: false, detail: errorMessage(error), remedy: 'npm start' }]
  }
  return [
    checkVersion('Node', toolchain.nodeBin, versionsMin.nodeBin),
    checkVersion('daprd', toolchain.daprd, versionsMin.daprd),
    checkVersion('Redis', toolchain.redisServer, versionsMin.redisServer),
    // These two do not tell their version; they come from the same folder as daprd.
    checkStarts('placement', toolchain.placement),
    checkStarts('scheduler', toolchain.scheduler),
  ]
}

function checkVersion(what: string, program: string, versionMin: string): Finding {
  const answer = ask(program, '--version')
  const version = /\d+\.\d+(\.\d+)?/.exec(answer ?? '')?.[0]
  const remedy = `install ${what} ${versionMin} or newer, or remove this one, then run npm start`
  if (version === undefined) return { what, ok: false, detail: `${program} does not tell its version`, remedy }
  return { what, ok: isAtLeast(version, versionMin), detail: `${version}  ${program}`, remedy }
}

function checkStarts(what: string, program: string): Finding {
  const ok = ask(program, '--help') !== undefined
  return {
    what,
    ok,
    detail: ok ? program : `${program} does not start`,
    remedy: 'remove it and run npm start, which builds it again',
  }
}

function isAtLeast(version: string, versionMin: string): boolean {
  const parts = version.split('.').map(Number)
  const partsMin = versionMin.split('.').map(Number)
  const differing = partsMin.findIndex((part, index) => part !== (parts[index] ?? 0))
  return differing === -1 || (parts[differing] ?? 0) > (partsMin[differing] ?? 0)
}

/** What a program prints; undefined when it cannot be started. A failure is an answer too, because some programs fail after printing their help. */
function ask(program: string, flag: string): string | undefined {
  try {
    return execFileSync(program, [flag], { encoding: 'utf8', timeout: askTimeoutMs, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const isMissing = ['ENOENT', 'EACCES', 'ETIMEDOUT'].includes(systemErrorCode(error) ?? '')
    return isMissing ? undefined : ''
  }
}
