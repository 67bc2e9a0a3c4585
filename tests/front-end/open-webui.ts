import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { followProgram } from '../mesh/followed-program.ts'
import { freePort, startProgram } from '../mesh/running-mesh.ts'

/** Its own start takes a minute on two quiet cores: it migrates a new database first. */
const startTimeoutMs = 900_000

export interface OpenWebUi {
  url: string
  stop(): Promise<void>
}

/** Open WebUI for one user without a password, whose models are those at `baseUrl`. It asks them for nothing but what the user says. */
export async function startOpenWebUi(python: string, models: { baseUrl: string; apiKey: string }): Promise<OpenWebUi> {
  const data = await mkdtemp(join(tmpdir(), 'weft-open-webui-'))
  const port = await freePort()
  const server = ['-c', 'from open_webui import app; app()', 'serve', '--host', '127.0.0.1', '--port', String(port)]
  const child = startProgram(python, server, {
    ...{ DATA_DIR: data, WEBUI_SECRET_KEY: 'of-this-test', WEBUI_AUTH: 'False', ENABLE_PERSISTENT_CONFIG: 'False' },
    ...{ OPENAI_API_BASE_URL: models.baseUrl, OPENAI_API_KEY: models.apiKey, ENABLE_OLLAMA_API: 'False' },
    ...{ RAG_EMBEDDING_ENGINE: 'openai', HF_HUB_OFFLINE: '1', OFFLINE_MODE: 'True', ENABLE_VERSION_UPDATE_CHECK: 'False' },
    ...{ ENABLE_TITLE_GENERATION: 'False', ENABLE_TAGS_GENERATION: 'False', ENABLE_FOLLOW_UP_GENERATION: 'False' },
    ...{ ENABLE_AUTOCOMPLETE_GENERATION: 'False', ENABLE_EVALUATION_ARENA_MODELS: 'False' },
  })
  const program = followProgram(child)
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    await program.end('SIGTERM', 20_000).catch(() => undefined)
    await rm(data, { recursive: true, force: true })
  }
  for (const deadlineMs = Date.now() + startTimeoutMs; Date.now() < deadlineMs && child.exitCode === null; await sleep(500)) {
    const answer = await fetch(`${url}/health`).catch(() => undefined)
    if (answer?.ok) return { url, stop }
  }
  await stop()
  throw new Error(`Open WebUI did not start:\n${program.output().slice(-4_000)}`)
}
