import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { followProgram } from '@weft/tests/mesh/followed-program.ts'
import { freePort, freePorts, startWeft } from '@weft/tests/mesh/running-mesh.ts'
import { Agent, request } from 'undici'
import { type BenchMesh, cacheFolder } from '../measuring/bench-mesh.ts'
import { buildTemporal, temporalVersion } from './build-temporal.ts'
import type { Contender } from './contender.ts'
import { type Postgres, startPostgres } from './start-postgres.ts'

/** Newer releases of LangGraph need a core that the registry did not have. */
const packages = {
  '@dapr/dapr': '3.18.0',
  '@dbos-inc/dbos-sdk': '5.3.0',
  '@langchain/core': '1.4.0',
  '@langchain/langgraph': '1.4.17',
  '@langchain/langgraph-checkpoint-postgres': '1.0.5',
  '@restatedev/restate-sdk': '1.17.2',
  '@restatedev/restate-server': '1.7.12',
  '@temporalio/client': '1.24.0',
  '@temporalio/worker': '1.24.0',
  '@temporalio/workflow': '1.24.0',
  pg: '8.22.0',
  undici: '8.12.4',
}

export interface Peers {
  contenders: Contender[]
  /** Why some are not there. */
  missing: string[]
  stop(): Promise<void>
}

/** The other orchestrators, each with its step calling the agent at `agentUrl`, as its documentation sets it up to be durable. */
export async function startPeers(mesh: BenchMesh, agentUrl: string): Promise<Peers> {
  const folder = await install()
  const postgres = await startPostgres()
  const missing = postgres === undefined ? ['Temporal, DBOS and LangGraph: PostgreSQL is not installed'] : []
  const starts: [string, () => Promise<Contender>][] = [
    [
      `Restate ${packages['@restatedev/restate-server']}`,
      async () => startScript(folder, 'restate', (await freePorts(4)).map(String)),
    ],
    [`Dapr Workflow, JS SDK ${packages['@dapr/dapr']}`, async () => startDaprWorkflow(folder, mesh)],
  ]
  if (postgres !== undefined) {
    starts.push(
      [
        `Temporal ${temporalVersion}, TypeScript SDK ${packages['@temporalio/worker']}, ${postgres.version}`,
        () => startTemporal(folder, postgres),
      ],
      [
        `DBOS ${packages['@dbos-inc/dbos-sdk']}, ${postgres.version}`,
        () => startScript(folder, 'dbos', [postgres.database('dbos')]),
      ],
      [
        `LangGraph JS ${packages['@langchain/langgraph']}, durability sync, ${postgres.version}`,
        () => startScript(folder, 'langgraph', [postgres.database('langgraph')]),
      ],
    )
  }
  const contenders: Contender[] = []
  for (const [name, start] of starts) {
    try {
      const { run, stop } = await start()
      contenders.push({ name, step: 'the same agent over HTTP', run: (shape) => run({ ...shape, agentUrl }), stop })
    } catch (cause) {
      missing.push(`${name}: ${String(cause)}`)
    }
  }
  return {
    contenders,
    missing,
    async stop() {
      for (const contender of contenders) await contender.stop()
      await postgres?.stop()
    },
  }
}

async function install(): Promise<string> {
  const folder = join(cacheFolder, 'bench-orchestration-2')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(join(folder, 'node_modules', 'undici'))) {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: packages }))
    const npm = spawn('npm', ['install', '--no-audit', '--no-fund'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    await once(npm, 'exit')
  }
  // Run from where their packages are.
  const scripts = join(import.meta.dirname, 'peers')
  for (const script of readdirSync(scripts)) copyFileSync(join(scripts, script), join(folder, script))
  return folder
}

async function startScript(folder: string, name: string, args: string[]): Promise<Contender> {
  const child = spawn(process.execPath, [join(folder, `${name}.mjs`), ...args], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const url = await readyUrl(child)
  return { name, step: '', run: runAt(url), stop: () => end(child) }
}

async function readyUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new TypeError('the output is not piped')
  const lines = createInterface({ input: child.stdout })
  const ended = once(child, 'exit').then(() => undefined)
  for (;;) {
    const line: unknown = (await Promise.race([once(lines, 'line'), ended]))?.[0]
    if (line === undefined) throw new Error('it ended before it was ready')
    const url = /^ready (\S+)/.exec(String(line))?.[1]
    if (url !== undefined) return url
  }
}

async function startTemporal(folder: string, postgres: Postgres): Promise<Contender> {
  const databases = [postgres.database('temporal'), postgres.database('temporal_visibility')]
  const ports = (await freePorts(8)).map(String)
  return startScript(folder, 'temporal', [await buildTemporal(), ...databases, ...ports])
}

async function startDaprWorkflow(folder: string, { port, dataFolder, apiKey }: BenchMesh): Promise<Contender> {
  const appPort = await freePort()
  const env = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey }
  const command = [process.execPath, join(folder, 'dapr-workflow.mjs')]
  const program = followProgram(
    startWeft(['agent', 'run', '--app-id', 'dapr-workflow', '--app-port', String(appPort), '--', ...command], env),
  )
  await program.until(/dapr-workflow joined the mesh/, 60_000)
  const stop = async () => {
    await program.end('SIGINT', 20_000)
  }
  return { name: 'dapr-workflow', step: '', run: runAt(`http://127.0.0.1:${appPort}`), stop }
}

const connections = new Agent({ connections: 512 })

function runAt(url: string): Contender['run'] {
  return async (shape) => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(shape)
    const response = await request(`${url}/run`, {
      method: 'POST',
      headers,
      body,
      dispatcher: connections,
      headersTimeout: 120_000,
    })
    const text = await response.body.text()
    if (response.statusCode !== 200) throw new Error(text)
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.stdin?.end()
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
