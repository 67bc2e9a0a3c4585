import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { followProgram } from './followed-program.ts'

/** A mesh started for tests: its own data folder and port, the offline model, nothing shared with a user's mesh. */
export interface RunningMesh {
  url: string
  port: number
  dataFolder: string
  apiKey: string
  /** Stops it and starts it again with the same data. */
  restart(): Promise<void>
  /** Stops it until `restart`. */
  pause(): Promise<void>
  stop(): Promise<void>
}

export const root = join(import.meta.dirname, '..', '..')
export const testApiKey = 'weft_test_0123456789abcdefghijklmnopqrstuvwxyzABCDEF'

/** Starts a whole mesh through the command line, as a user would, and waits until it is ready. */
export async function startTestMesh(environment: Record<string, string> = {}): Promise<RunningMesh> {
  const dataFolder = await makeDataFolder('weft-test-')
  const port = Number(environment.WEFT_PORT ?? (await freePort()))
  const env = {
    WEFT_PORT: String(port),
    WEFT_DATA: dataFolder,
    WEFT_API_KEY: testApiKey,
    WEFT_DEFAULT_MODEL: 'offline/extractive',
    ...environment,
  }
  const mesh: RunningMesh = {
    url: `http://127.0.0.1:${port}`,
    port,
    dataFolder,
    apiKey: testApiKey,
    async restart() {
      await runWeft(['down'], env)
      await start()
    },
    async pause() {
      await runWeft(['down'], env)
    },
    async stop() {
      await runWeft(['down'], env)
      await rm(dataFolder, { recursive: true, force: true })
    },
  }
  async function start(): Promise<void> {
    const started = await runWeft(['up', '--detach'], env)
    if (started.code === 0) return
    await mesh.stop()
    throw new Error(`the test mesh did not start (exit ${started.code}):\n${started.output}`)
  }
  await start()
  return mesh
}

/** A data folder whose database is there already: making it takes most of a first start, which other tests are about. */
export async function makeDataFolder(prefix: string): Promise<string> {
  const dataFolder = await mkdtemp(join(tmpdir(), prefix))
  // Most tests start no mesh, and need not load what knows databases.
  const { layTestDatabase } = await import('@weft/database/testing')
  await layTestDatabase(join(dataFolder, 'pglite'))
  return dataFolder
}

export interface WeftRun {
  code: number
  output: string
  stdout: string
}

/** Runs `weft <args>` with this checkout's command line. */
export async function runWeft(args: string[], env: Record<string, string>, timeoutMs = 280_000): Promise<WeftRun> {
  const child = startWeft(args, env)
  const program = followProgram(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const code = await program.ended
  clearTimeout(timer)
  return { code, output: program.output(), stdout: program.stdout() }
}

const Status = z.object({
  url: z.string(),
  up: z.boolean(),
  ready: z.boolean(),
  processes: z.array(
    z.looseObject({
      name: z.string(),
      pid: z.number().nullish(),
      state: z.string(),
      restarts: z.number(),
      ports: z.record(z.string(), z.number()),
    }),
  ),
})
export type MeshStatus = z.infer<typeof Status>

/** What `weft status --json` printed. */
export function readStatus(stdout: string): MeshStatus {
  return Status.parse(JSON.parse(stdout))
}

/** The mesh of a data folder as its supervisor has written it down: what `weft status` tells, without a program started to tell it. */
export async function readProcesses(dataFolder: string): Promise<MeshStatus['processes']> {
  const record = await readFile(join(dataFolder, 'run', 'mesh.json'), 'utf8')
  return Status.pick({ processes: true }).parse(JSON.parse(record)).processes
}

export function startWeft(args: string[], env: Record<string, string>): ChildProcess {
  const cli = join(root, 'packages', 'cli', 'src', 'main.ts')
  return startProgram(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...args], env)
}

/** Starts a program in the checkout's root with this process's environment and `env`. */
export function startProgram(command: string, args: string[], env: Record<string, string>): ChildProcess {
  return spawn(command, args, { cwd: root, env: programEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The same; what it says goes to an open file, or nowhere. */
export function startUnheard(
  [command, ...args]: [string, ...string[]],
  env: Record<string, string>,
  output: number | 'ignore',
): void {
  spawn(command, args, { cwd: root, env: programEnvironment(env), stdio: ['ignore', output, output] })
}

function programEnvironment(env: Record<string, string>): NodeJS.ProcessEnv {
  return { ...withoutJestFlags(process.env), ...env }
}

function withoutJestFlags(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_ENV: _env, JEST_WORKER_ID: _worker, ...rest } = environment
  return rest
}

/**
 * A port nobody listens on, to be used later: below the range the system takes for outgoing connections and the one the mesh
 * takes its own from, so that neither takes it in between; and below those of unit tests, which run at the same time.
 */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}

/** As many such ports, each another. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  for (let attempt = 0; attempt < 100 + 10 * count && found.size < count; attempt += 1) {
    const port = 10_000 + Math.floor(Math.random() * 2_500)
    if (await isFree(port)) found.add(port)
  }
  if (found.size < count) throw new Error(`fewer than ${count} free ports between 10000 and 12500`)
  return [...found]
}

/** Whether nothing listens on this port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const hasIt = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  await new Promise((resolve) => server.close(resolve))
  return hasIt
}
