import { once } from 'node:events'
import { join } from 'node:path'
import type { RunningMesh } from '@weft/tests/mesh/running-mesh.ts'
import { startWeft } from '@weft/tests/mesh/running-mesh.ts'
import { z } from 'zod'
import { cacheFolder, readProcesses } from '../measuring/bench-mesh.ts'
import { forgetPeak, type ProcessFigures, readProcess } from './process-figures.ts'

export interface Ingestion {
  /** From the start of `weft ingest` to its end, which waits until everything is indexed. */
  seconds: number
  added: number
  failed: number
  /** By process of the mesh, and `cli`: processor time used meanwhile, memory before, and the most it had meanwhile. */
  processes: Map<string, { cpuSeconds: number; beforeMb: number; peakMb: number }>
}

const Report = z.looseObject({ added: z.number(), failed: z.array(z.unknown()) })

const sampleEveryMs = 200

/**
 * Runs `weft ingest <folder>` against the mesh and watches all its processes. Throws when the command fails. One that is not done after `secondsMax` is
 * ended, nothing having been added or failed as far as is known.
 */
export async function measureIngestion(
  mesh: RunningMesh,
  folder: string,
  { store, secondsMax = Number.POSITIVE_INFINITY }: { store?: string; secondsMax?: number } = {},
): Promise<Ingestion> {
  const pids = new Map((await readProcesses(mesh)).flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])))
  for (const pid of pids.values()) forgetPeak(pid)
  const before = figuresOf(pids)
  const startedAtMs = performance.now()
  const child = startWeft(['ingest', folder, '--json', ...(store === undefined ? [] : ['--store', store])], {
    WEFT_PORT: String(mesh.port),
    WEFT_DATA: mesh.dataFolder,
    WEFT_API_KEY: mesh.apiKey,
    // As `npx weft` has it.
    NODE_COMPILE_CACHE: join(cacheFolder, 'compile-cache'),
  })
  let cli: ProcessFigures | undefined
  let isEnded = false
  const timer = setInterval(() => {
    isEnded ||= performance.now() - startedAtMs > secondsMax * 1_000
    if (isEnded) child.kill('SIGTERM')
    const seen = child.pid === undefined ? undefined : readProcess(child.pid)
    // Of a process that has just ended there is no memory any more.
    if (seen !== undefined && seen.peakMb > 0) cli = seen
  }, sampleEveryMs)
  const output = { stdout: '', stderr: '' }
  child.stdout?.on('data', (data: Buffer) => {
    output.stdout += data
  })
  child.stderr?.on('data', (data: Buffer) => {
    output.stderr = `${output.stderr}${data}`.slice(-4_000)
  })
  const [code]: unknown[] = await once(child, 'close')
  clearInterval(timer)
  const seconds = (performance.now() - startedAtMs) / 1_000
  if (code !== 0 && !isEnded) throw new Error(`weft ingest ended with ${code}: ${output.stderr}${output.stdout.slice(-2_000)}`)
  const { added, failed } = isEnded ? { added: 0, failed: [] } : Report.parse(JSON.parse(output.stdout))
  const processes: Ingestion['processes'] = new Map()
  for (const [name, { cpuSeconds, peakMb }] of figuresOf(pids)) {
    const start = before.get(name)
    processes.set(name, { cpuSeconds: cpuSeconds - (start?.cpuSeconds ?? 0), beforeMb: start?.residentMb ?? 0, peakMb })
  }
  if (cli !== undefined) processes.set('cli', { cpuSeconds: cli.cpuSeconds, beforeMb: 0, peakMb: cli.peakMb })
  return { seconds, added, failed: failed.length, processes }
}

function figuresOf(pids: Map<string, number>): Map<string, ProcessFigures> {
  return new Map(
    [...pids].flatMap(([name, pid]) => {
      const figures = readProcess(pid)
      return figures === undefined ? [] : [[name, figures] as const]
    }),
  )
}
