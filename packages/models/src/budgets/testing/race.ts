import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** One process that spends. */
export interface Racer {
  /** How the calls that have ended did so, in order: `paid`, or why not. */
  outcomes: string[]
  race(calls: number): void
  /** Waits until so many calls have ended. */
  ended(calls: number): Promise<void>
  kill(): Promise<void>
  stop(): Promise<void>
}

/** Starts a process that spends against this database; throws when it is not ready within two minutes. */
export async function startRacer(where: { databaseUrl: string; modelsUrl: string; folder: string }): Promise<Racer> {
  const program = fileURLToPath(new URL('./racing-main.ts', import.meta.url))
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    [program, where.databaseUrl, where.modelsUrl, where.folder],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const outcomes: string[] = []
  const lines = createInterface({ input: child.stdout })
  const isReady = once(lines, 'line', { signal: AbortSignal.timeout(120_000) })
  await isReady
  lines.on('line', (line) => outcomes.push(line))
  return {
    outcomes,
    race: (calls) => void child.stdin.write(`race ${calls}\n`),
    async ended(calls) {
      for (let waitedMs = 0; outcomes.length < calls; waitedMs += 20) {
        if (waitedMs > 120_000) throw new Error(`${outcomes.length} of ${calls} calls ended within two minutes`)
        await sleep(20)
      }
    },
    async kill() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.stdin.end()
      await once(child, 'exit')
    },
  }
}
