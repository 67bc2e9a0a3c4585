import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@weft/tests/mesh/running-mesh.ts'

/** A gateway of somebody else in front of the same model. */
export interface Peer {
  version: string
  url: string
  headers: Record<string, string>
  pid: number
  stop(): Promise<void>
}

export interface RunningPeer extends Pick<Peer, 'pid' | 'stop'> {
  origin: string
}

export interface PeerCommand {
  command: string
  args(port: number): string[]
  env?: Record<string, string>
  /** A path that answers once it is ready. */
  readyPath: string
  startingMaxMs: number
}

/** Runs a peer on a free port until it answers; undefined when it does not in time. */
export async function runPeer({ command, args, env, readyPath, startingMaxMs }: PeerCommand): Promise<RunningPeer | undefined> {
  const port = await freePort()
  const child = spawn(command, args(port), { stdio: 'ignore', env: { ...process.env, ...env } })
  const origin = `http://127.0.0.1:${port}`
  const stop = () => end(child)
  if (await answers(origin + readyPath, startingMaxMs)) return { origin, pid: child.pid ?? 0, stop }
  await stop()
  return undefined
}

/** Runs an installer to its end; whether it went well shows in what it leaves. */
export async function runInstaller(command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  await new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
}

async function answers(url: string, withinMs: number): Promise<boolean> {
  for (const untilMs = performance.now() + withinMs; performance.now() < untilMs; await sleep(100)) {
    const isUp = await fetch(url).then(
      ({ ok }) => ok,
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
