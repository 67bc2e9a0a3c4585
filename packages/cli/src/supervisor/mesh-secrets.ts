import { randomBytes } from 'node:crypto'
import { ApiKey, parseJson } from '@weft/contracts'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'
import type { DataPaths } from './data-paths.ts'
import { readReplaced, replaceFile } from './replace-file.ts'

const AppTokens = z.object({ apiToken: z.string().min(32), appToken: z.string().min(32) })
const MeshTokens = z.object({ redisPassword: z.string().min(32), apps: z.record(z.string(), AppTokens) })
/** Tokens that are made once for a data folder and kept, so that a service that is started again can talk to its sidecar. */
export type MeshTokens = z.infer<typeof MeshTokens>

/** Reads the tokens of this data folder, and makes those that are missing. */
export function ensureTokens(tokensFile: string, appIds: readonly string[]): MeshTokens {
  const known = readTokens(tokensFile)
  const apps = Object.fromEntries(appIds.map((id) => [id, known?.apps[id] ?? newAppTokens()]))
  const tokens = { redisPassword: known?.redisPassword ?? newToken(), apps: { ...known?.apps, ...apps } }
  replaceFile(tokensFile, `${JSON.stringify(tokens)}\n`)
  return tokens
}

/**
 * The first admin key, kept in a file that only this user may read. `isNew`: it was made now, and must be shown this once. Throws CliError for an invalid
 * key.
 */
export function ensureAdminKey(
  { adminKeyFile }: DataPaths,
  fromEnvironment: string | undefined,
): { key: string; isNew: boolean } {
  const kept = readReplaced(adminKeyFile)?.trim()
  checkKey(fromEnvironment ?? kept, fromEnvironment === undefined ? adminKeyFile : 'WEFT_API_KEY')
  if (kept !== undefined && (fromEnvironment === undefined || fromEnvironment === kept)) return { key: kept, isNew: false }
  const key = fromEnvironment ?? `weft_${newToken()}`
  replaceFile(adminKeyFile, `${key}\n`, { isSynced: true })
  return { key, isNew: fromEnvironment === undefined }
}

function checkKey(key: string | undefined, source: string): void {
  const problem = key === undefined ? undefined : findKeyProblem(key)
  if (problem !== undefined) throw new CliError('invalid_request', `${source} holds no usable key: ${problem}`)
}

/** Why a text cannot be a key; undefined when it can. */
export function findKeyProblem(key: string): string | undefined {
  return ApiKey.safeParse(key).error?.issues[0]?.message
}

/** New tokens for an app and its sidecar. */
export function newAppTokens(): MeshTokens['apps'][string] {
  return { apiToken: newToken(), appToken: newToken() }
}

/** 256 random bits in letters that need no quoting in a URL, a shell or a configuration file. */
const newToken = (): string => randomBytes(32).toString('base64url')

/** The tokens of this data folder; undefined before its first start. */
export function readTokens(tokensFile: string): MeshTokens | undefined {
  const text = readReplaced(tokensFile)
  return text === undefined ? undefined : parseJson(MeshTokens, text, tokensFile)
}
