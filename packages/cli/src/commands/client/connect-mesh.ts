import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import OpenAI from 'openai'
import { z } from 'zod'
import { CliError, exitCodes } from '../../cli-error.ts'
import { type CliSettings, readCliSettings } from '../../cli-settings.ts'
import { dataPaths } from '../../supervisor/data-paths.ts'
import { readMeshRecord } from '../../supervisor/mesh-file.ts'
import { explainFailure, usageError } from './explain-failure.ts'
import { createTerminal, type Terminal } from './terminal.ts'

export type Mesh = { url: string; client: OpenAI }

/** What every client command works with. With `isJson`, standard output must get one JSON document and nothing else. */
export type ClientContext = { mesh: Mesh; terminal: Terminal; isJson: boolean }

/** Runs a command against the mesh. Whatever goes wrong is told to the user in one line, with its own exit code. */
export async function withMesh(command: Command, run: (context: ClientContext) => Promise<void>): Promise<void> {
  const settings = readCliSettings()
  const url = meshUrl(settings)
  const terminal = createTerminal()
  try {
    const client = createMeshClient(url, await readApiKey(settings))
    await run({ mesh: { url, client }, terminal, isJson: command.opts().json === true })
  } catch (error) {
    throw explainFailure(error, url)
  } finally {
    terminal.endProgress()
  }
}

/** OpenAI's client library, for a mesh. It is given every setting, so that it does not use keys of other services in the environment. */
export function createMeshClient(url: string, apiKey: string): OpenAI {
  const others = { adminAPIKey: null, organization: null, project: null, webhookSecret: null }
  return new OpenAI({ ...others, apiKey, baseURL: `${url}/v1`, maxRetries: 3, timeout: requestTimeoutMs })
}

/** An answer may take as long as a workflow. This is the client library's default, and also the longest time of a turn. */
const requestTimeoutMs = 600_000

function meshUrl(settings: CliSettings): string {
  const given = settings.environment.WEFT_URL
  if (given !== undefined) {
    if (!z.url({ protocol: /^https?$/ }).safeParse(given).success) throw usageError(`WEFT_URL is not an http(s) URL: ${given}`)
    return given.replace(/\/+$/, '').replace(/\/v1$/, '')
  }
  return readMeshRecord(dataPaths(settings.dataFolder).meshFile)?.url ?? `http://127.0.0.1:${settings.port}`
}

async function readApiKey(settings: CliSettings): Promise<string> {
  if (settings.apiKey !== undefined) return settings.apiKey
  const file = dataPaths(settings.dataFolder).adminKeyFile
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    const message = `no API key: set WEFT_API_KEY, or start Weft with "npm start" (it keeps its first key in ${file})`
    throw new CliError('no_api_key', message, { exitCode: exitCodes.meshNotUp, cause })
  }
}
