import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface ModelProcess {
  /** What to set as OPENAI_BASE_URL. */
  url: string
  pid: number
  stop(): Promise<void>
}

/** Starts one of the model servers of this folder as a process of its own, so that it shares no event loop with who measures. */
export async function startModelProcess(
  name: 'instant-model' | 'paced-model' | 'instant-embedder',
  args: string[] = [],
): Promise<ModelProcess> {
  const main = join(import.meta.dirname, '..', name, 'main.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [url]: unknown[] = await once(createInterface({ input: child.stdout }), 'line')
  return {
    url: String(url),
    pid: child.pid ?? 0,
    async stop() {
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
