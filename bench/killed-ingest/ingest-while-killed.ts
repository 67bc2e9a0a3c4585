import { setTimeout as sleep } from 'node:timers/promises'
import { followProgram } from '@weft/tests/mesh/followed-program.ts'
import { startWeft } from '@weft/tests/mesh/running-mesh.ts'
import { z } from 'zod'
import type { BenchMesh } from '../measuring/bench-mesh.ts'
import { readEmbedded } from './count-kept.ts'

export interface KilledIngest {
  mesh: BenchMesh
  folder: string
  embedderUrl: string
  files: number
  kills: number
}

export interface Killed {
  /** From the first start of the command line to its end. */
  seconds: number
  /** In the order they were killed. */
  killedNames: string[]
  /** Starts of the command line: one, one after each kill of it, and one after each time it gave up. */
  runs: number
  failed: number
}

const victims = ['rag', 'gateway', 'pglite', 'command line'] as const
const lookEveryMs = 100
const runsMax = 60
const Report = z.looseObject({ failed: z.array(z.unknown()) })

/** Runs `weft ingest` until it ends well; meanwhile one process after the other is killed. Throws when it does not end well in many runs. */
export async function ingestWhileKilled(ingest: KilledIngest): Promise<Killed> {
  const startedAtMs = performance.now()
  const killedNames: string[] = []
  let runs = 0
  let pid: number | undefined
  let hasEnded = false
  const killing = killInTurns(ingest, { pidOfCommandLine: () => pid, hasEnded: () => hasEnded, killedNames })
  try {
    for (;;) {
      if (runs === runsMax) throw new Error(`weft ingest did not end well in ${runsMax} runs`)
      runs += 1
      const { port, dataFolder, apiKey } = ingest.mesh
      const env = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey }
      const child = startWeft(['ingest', ingest.folder, '--store', 'killed', '--json'], env)
      const program = followProgram(child)
      pid = child.pid
      const code = await program.ended
      pid = undefined
      if (code === 0) {
        const seconds = (performance.now() - startedAtMs) / 1_000
        return { seconds, killedNames, runs, failed: Report.parse(JSON.parse(program.stdout())).failed.length }
      }
      console.log(`run ${runs} ended with ${code}: ${program.output().trim().slice(-200)}`)
      await sleep(1_000)
    }
  } finally {
    hasEnded = true
    await killing
  }
}

interface Turns {
  pidOfCommandLine(): number | undefined
  hasEnded(): boolean
  killedNames: string[]
}

async function killInTurns({ mesh, embedderUrl, files, kills }: KilledIngest, turns: Turns): Promise<void> {
  while (turns.killedNames.length < kills && !turns.hasEnded()) {
    await sleep(lookEveryMs)
    const { different } = await readEmbedded(embedderUrl)
    if (different < (files * (turns.killedNames.length + 0.5)) / kills) continue
    const name = victims[turns.killedNames.length % victims.length] ?? 'rag'
    const pid = name === 'command line' ? turns.pidOfCommandLine() : await pidOf(mesh, name)
    if (pid === undefined) continue
    process.kill(pid, 'SIGKILL')
    turns.killedNames.push(name)
    console.log(`${name} killed with ${different} embedded`)
  }
}

async function pidOf(mesh: BenchMesh, wanted: string): Promise<number | undefined> {
  return (await mesh.processes()).find(({ name }) => name === wanted)?.pid
}
