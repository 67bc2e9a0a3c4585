import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './bench-mesh.ts'
import { type Peer, runInstaller, runPeer } from './peer-process.ts'

const version = '1.15.2'

/** Portkey's open gateway in front of a model, installed into the cache when it is not there; undefined when it cannot be had. */
export async function startPortkey(modelUrl: string): Promise<Peer | undefined> {
  const folder = join(cacheFolder, `bench-portkey-${version}`)
  const main = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
  if (!existsSync(main)) await install(folder)
  if (!existsSync(main)) return undefined
  const running = await runPeer({
    command: process.execPath,
    args: (port) => [main, '--headless', `--port=${port}`],
    env: { NODE_ENV: 'production' },
    readyPath: '/',
    startingMaxMs: 30_000,
  })
  if (running === undefined) return undefined
  const { origin, pid, stop } = running
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': modelUrl }
  return { version, url: `${origin}/v1`, headers, pid, stop }
}

async function install(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const options = ['--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund']
  await runInstaller('npm', ['install', ...options, `@portkey-ai/gateway@${version}`])
}
