import { homedir } from 'node:os'
import { join } from 'node:path'
import { type RunningMesh, runWeft, startTestMesh } from '@weft/tests/mesh/running-mesh.ts'
import { z } from 'zod'

const Status = z.looseObject({
  processes: z.array(
    z.looseObject({
      name: z.string(),
      pid: z.int().optional(),
      rssMb: z.number(),
      ports: z.record(z.string(), z.int()),
      restarts: z.int(),
    }),
  ),
})
export type MeshProcess = z.infer<typeof Status>['processes'][number]

export interface BenchMesh extends RunningMesh {
  processes(): Promise<MeshProcess[]>
}

/** Where the tools keep what is fetched or made once per user. */
export const cacheFolder = process.env.WEFT_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weft')

interface BenchMeshOptions {
  /** Where the default model, `openai/<model>`, is served. */
  openAi?: { url: string; model: string }
  env?: Record<string, string>
}

/** A mesh of its own, started as `npm start` starts one; the machine's own settings for spans are left out. */
export async function startBenchMesh({ openAi, env = {} }: BenchMeshOptions = {}): Promise<BenchMesh> {
  const environment: Record<string, string> =
    openAi === undefined
      ? {}
      : { OPENAI_BASE_URL: openAi.url, OPENAI_API_KEY: 'test-key', WEFT_DEFAULT_MODEL: `openai/${openAi.model}` }
  const compileCache = join(cacheFolder, 'compile-cache')
  const mesh = await startTestMesh({ NODE_COMPILE_CACHE: compileCache, ...environment, ...env, OTEL_SDK_DISABLED: 'true' })
  const forget = stopWhenEnded(mesh)
  return {
    ...mesh,
    processes: () => readProcesses(mesh),
    async stop() {
      forget()
      await mesh.stop()
    },
  }
}

/** A benchmark that is ended early takes its mesh with it. */
function stopWhenEnded(mesh: Pick<RunningMesh, 'stop'>): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  const end = (signal: NodeJS.Signals) => {
    forget()
    void mesh.stop().finally(() => process.kill(process.pid, signal))
  }
  const forget = () => {
    for (const signal of signals) process.off(signal, end)
  }
  for (const signal of signals) process.on(signal, end)
  return forget
}

export async function readProcesses({ port, dataFolder }: Pick<RunningMesh, 'port' | 'dataFolder'>): Promise<MeshProcess[]> {
  const run = await runWeft(['status', '--json'], { WEFT_PORT: String(port), WEFT_DATA: dataFolder })
  return Status.parse(JSON.parse(run.stdout)).processes
}

/** The mesh's memory in MB, by what the system says of each process. */
export function totalMb(processes: { rssMb: number }[]): number {
  return processes.reduce((sum, { rssMb }) => sum + rssMb, 0)
}
