import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@weft/tests/mesh/running-mesh.ts'
import { cacheFolder } from '../measuring/bench-mesh.ts'

export interface Portkey {
  version: string
  url: string
  headers: Record<string, string>
  pid: number
  stop(): Promise<void>
}

const version = '1.15.2'
const startingMaxMs = 30_000

/** Portkey's open gateway in front of a model, installed into the cache when it is not there; undefined when it cannot be had. */
export async function startPortkey(modelUrl: string): Promise<Portkey | undefined> {
  const folder = join(cacheFolder, `bench-portkey-${version}`)
  const main = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
  if (!existsSync(main)) await install(folder)
  if (!existsSync(main)) return undefined
  const port = await freePort()
  const child = spawn(process.execPath, [main, '--headless', `--port=${port}`], {
    stdio: 'ignore',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const url = `http://127.0.0.1:${port}`
  const stop = () => end(child)
  if (!(await answers(url))) {
    await stop()
    return undefined
  }
  const headers = { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': modelUrl }
  return { version, url: `${url}/v1`, headers, pid: child.pid ?? 0, stop }
}

async function install(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', `@portkey-ai/gateway@${version}`]
  const npm = spawn('npm', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  await new Promise((resolve) => npm.once('exit', resolve).once('error', resolve))
}

async function answers(url: string): Promise<boolean> {
  for (const untilMs = performance.now() + startingMaxMs; performance.now() < untilMs; await sleep(100)) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    )
    if (isUp) return true
  }
  return false
}

async function end(child: ChildProcess): Promise<void> {
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
