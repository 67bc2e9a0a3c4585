import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, readStatus, runWeft, testApiKey } from '@weft/tests/mesh/running-mesh.ts'
import { cacheFolder } from './bench-mesh.ts'

export interface BenchGateways {
  /** Base addresses, the one of the mesh first. */
  urls: string[]
  apiKey: string
  /** Ends a gateway at once (SIGKILL), the one it was when all were ready last; the mesh starts it again. */
  kill(gateway: number): void
  /** Until every gateway answers again, two minutes at most. */
  ready(): Promise<void>
  stop(): Promise<void>
}

/** A mesh of its own with several gateways, whose models are served by one upstream of OpenAI's wire. */
export async function startBenchGateways({ count, upstreamUrl }: { count: number; upstreamUrl: string }): Promise<BenchGateways> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'weft-bench-'))
  const env = {
    WEFT_PORT: String(await freePort()),
    WEFT_DATA: dataFolder,
    WEFT_API_KEY: testApiKey,
    NODE_COMPILE_CACHE: join(cacheFolder, 'compile-cache'),
    OPENAI_BASE_URL: upstreamUrl,
    OPENAI_API_KEY: 'test-key',
    OTEL_SDK_DISABLED: 'true',
  }
  const stop = async () => {
    await runWeft(['down'], env)
    await rm(dataFolder, { recursive: true, force: true })
  }
  const gateways = async () => {
    const { processes } = readStatus((await runWeft(['status', '--json'], env)).stdout)
    return processes.flatMap(({ pid, ports }) =>
      ports.public === undefined ? [] : [{ pid, url: `http://127.0.0.1:${ports.public}` }],
    )
  }
  const started = await runWeft(['up', '--detach', '--replicas', `gateway=${count}`], env)
  if (started.code !== 0) {
    await stop()
    throw new Error(started.output)
  }
  let running = await gateways()
  const urls = running.map(({ url }) => url)
  return {
    urls,
    apiKey: testApiKey,
    kill(gateway) {
      const pid = running.find(({ url }) => url === urls[gateway])?.pid
      if (pid == null) throw new Error(`gateway ${gateway} does not run`)
      process.kill(pid, 'SIGKILL')
    },
    async ready() {
      const until = performance.now() + startsWithinMs
      for (const url of urls)
        while (!(await isReady(url))) {
          if (performance.now() > until) throw new Error(`${url} did not come back within two minutes`)
          await sleep(100)
        }
      running = await gateways()
    },
    stop,
  }
}

const startsWithinMs = 120_000

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`, { headers: { authorization: `Bearer ${testApiKey}` } }).then(
    ({ ok }) => ok,
    () => false,
  )
}
