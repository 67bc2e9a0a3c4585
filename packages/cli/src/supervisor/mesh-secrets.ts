import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ApiKey, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { CliError, systemErrorCode } from '../cli-error.ts'
import type { DataPaths } from './data-paths.ts'
import { replaceFile } from './replace-file.ts'

const AppTokens = z.object({ apiToken: z.string().min(32), appToken: z.string().min(32) })
const MeshTokens = z.object({ redisPassword: z.string().min(32), apps: z.record(z.string(), AppTokens) })
/** Made once per data folder and kept: a service that is started again is known to its sidecar. */
export type MeshTokens = z.infer<typeof MeshTokens>

/** Reads the tokens of this data folder, making those that are missing. */
export function ensureTokens(tokensFile: string, appIds: readonly string[]): MeshTokens {
  const known = readTokens(tokensFile)
  const apps = Object.fromEntries(appIds.map((id) => [id, known?.apps[id] ?? newAppTokens()]))
  const tokens = { redisPassword: known?.redisPassword ?? newToken(), apps: { ...known?.apps, ...apps } }
  replaceFile(tokensFile, `${JSON.stringify(tokens)}\n`)
  return tokens
}

/** The first admin key, in a file only this user may read. `isNew`: it was made just now and must be shown, once. Throws CliError for what is no key. */
export function ensureAdminKey(
  { adminKeyFile }: DataPaths,
  fromEnvironment: string | undefined,
): { key: string; isNew: boolean } {
  const kept = readText(adminKeyFile)?.trim()
  checkKey(fromEnvironment ?? kept, fromEnvironment === undefined ? adminKeyFile : 'WEFT_API_KEY')
  if (kept !== undefined && (fromEnvironment === undefined || fromEnvironment === kept)) return { key: kept, isNew: false }
  const key = fromEnvironment ?? `weft_${newToken()}`
  replaceFile(adminKeyFile, `${key}\n`)
  return { key, isNew: fromEnvironment === undefined }
}

function checkKey(key: string | undefined, source: string): void {
  const problem = key === undefined ? undefined : ApiKey.safeParse(key).error?.issues[0]?.message
  if (problem !== undefined) throw new CliError('invalid_request', `${source} holds no usable key: ${problem}`)
}

/** What an app and its sidecar show each other from now on. */
export function newAppTokens(): MeshTokens['apps'][string] {
  return { apiToken: newToken(), appToken: newToken() }
}

/** 256 random bits in letters that need no quoting in a URL, a shell or a configuration file. */
const newToken = (): string => randomBytes(32).toString('base64url')

function readTokens(tokensFile: string): MeshTokens | undefined {
  const text = readText(tokensFile)
  return text === undefined ? undefined : parseJson(MeshTokens, text, tokensFile)
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
