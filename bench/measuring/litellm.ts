import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './bench-mesh.ts'
import { type Peer, runInstaller, runPeer } from './peer-process.ts'

const version = '1.106.12'

/** LiteLLM's proxy in front of a model, in a Python of its own in the cache; undefined when it cannot be had. One worker, no database. */
export async function startLitellm(modelUrl: string): Promise<Peer | undefined> {
  const folder = join(cacheFolder, `bench-litellm-${version}`)
  const litellm = join(folder, 'bin', 'litellm')
  if (!existsSync(litellm)) await install(folder)
  if (!existsSync(litellm)) return undefined
  const config = join(folder, 'config.json')
  writeFileSync(config, JSON.stringify(configOf(modelUrl)))
  const running = await runPeer({
    command: litellm,
    args: (port) => ['--config', config, '--host', '127.0.0.1', '--port', String(port), '--num_workers', '1'],
    // The list of prices that comes with it, instead of one from elsewhere; logs as in production; no key is checked.
    env: {
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      LITELLM_MODE: 'PRODUCTION',
      LITELLM_LOG: 'ERROR',
      LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: 'true',
    },
    readyPath: '/health/liveliness',
    startingMaxMs: 120_000,
  })
  if (running === undefined) return undefined
  const { origin, pid, stop } = running
  return { version, url: `${origin}/v1`, headers: {}, pid, stop }
}

/** JSON is YAML, which it reads. */
function configOf(modelUrl: string): object {
  const params = { model: 'openai/test-model', api_base: modelUrl, api_key: 'test-key' }
  return { model_list: [{ model_name: 'test-model', litellm_params: params }], litellm_settings: { telemetry: false } }
}

async function install(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await runInstaller('python3', ['-m', 'venv', folder])
  const options = ['--quiet', '--disable-pip-version-check', '--retries', '2', '--timeout', '15']
  await runInstaller(join(folder, 'bin', 'python'), ['-m', 'pip', 'install', ...options, `litellm[proxy]==${version}`])
}
