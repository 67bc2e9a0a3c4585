import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CrashSite, crashSites } from '@weft/mesh'
import { type FollowedProgram, followProgram } from '../mesh/followed-program.ts'
import {
  freePort,
  makeDataFolder,
  type MeshStatus,
  readProcesses,
  root,
  runWeft,
  startWeft,
  testApiKey,
  type WeftRun,
} from '../mesh/running-mesh.ts'

export interface ChaosMesh {
  /** Addresses of the gateways. */
  gateways: string[]
  apiKey: string
  /** Kills so far, by the crash point that each happened at. */
  kills(): Promise<Map<string, number>>
  /** How often each effect was reported to the sink, by its key. */
  effects(): Promise<Map<string, number>>
  processes(): Promise<MeshStatus['processes']>
  /** Answers where logs and data are that were to be kept. */
  stop(options?: { keepsData: boolean }): Promise<string>
}

export interface ChaosOptions {
  /** Passes of crash points a process survives on average; undefined: none dies. */
  meanPasses: number | undefined
  handicap?: 'evict' | 'deaf' | undefined
}

/** A mesh of two orchestrators and two gateways whose services kill themselves at random, and an agent that does. */
export async function startChaosMesh({ meanPasses, handicap }: ChaosOptions): Promise<ChaosMesh> {
  const dataFolder = await makeDataFolder('weft-chaos-')
  const port = await freePort()
  const env = {
    WEFT_PORT: String(port),
    WEFT_DATA: dataFolder,
    WEFT_API_KEY: testApiKey,
    WEFT_DEFAULT_MODEL: 'offline/extractive',
    OTEL_SDK_DISABLED: 'true',
    WEFT_FAULTS: join(dataFolder, 'faults.json'),
    WEFT_RESTART_DELAY_MS_MAX: '50',
  }
  const sink = join(dataFolder, 'effects.txt')
  const crashRecord = join(dataFolder, 'crashes.txt')
  await writeFile(crashRecord, '')
  await writeFile(env.WEFT_FAULTS, JSON.stringify(faultsOf({ meanPasses, handicap }, crashRecord)))
  const started = await startInTurn(env)
  const agents = started.code === 0 ? await joinAll(env, sink, meanPasses) : []
  async function stop({ keepsData } = { keepsData: false }): Promise<string> {
    await Promise.all(agents.map((agent) => agent.end('SIGINT', 20_000)))
    await runWeft(['down'], env)
    if (!keepsData) await rm(dataFolder, { recursive: true, force: true })
    return dataFolder
  }
  if (agents.length < agentIds.length) {
    await stop()
    throw new Error(`the mesh did not start, or an agent did not join it:\n${started.output}`)
  }
  const processes = () => readProcesses(dataFolder)
  const ports = (await processes()).flatMap(({ ports: own }) => own.public ?? [])
  return {
    gateways: ports.map((one) => `http://127.0.0.1:${one}`),
    apiKey: testApiKey,
    async kills() {
      const services = countMatches(await readFile(crashRecord, 'utf8'), / (\S+)$/gm)
      const said = agents.map((agent) => agent.output()).join('\n')
      return new Map([...services, ...countMatches(said, /"message":"crash point","point":"([^"]+)"/g)])
    },
    async effects() {
      return countMatches(await readFile(sink, 'utf8').catch(() => ''), /^(.+)$/gm)
    },
    processes,
    stop,
  }
}

let lastStart: Promise<unknown> = Promise.resolve()

/** One after another: a port that was found free is listened on before the next mesh looks for its own. */
function startInTurn(env: Record<string, string>): Promise<WeftRun> {
  const start = lastStart.then(() => runWeft(['up', '--detach', '--replicas', 'orchestrator=2,gateway=2'], env))
  lastStart = start.catch(() => undefined)
  return start
}

/** What is done once a turn at most gets the chance of what is done at every step. */
const rareSites: CrashSite[] = ['submit', 'decision']

function faultsOf({ meanPasses, handicap }: ChaosOptions, crashRecord: string) {
  const chanceAt = (site: CrashSite) => (meanPasses === undefined ? 0 : (rareSites.includes(site) ? 3 : 1) / meanPasses)
  const crashes = crashSites.flatMap((site) =>
    [`before-${site}`, `after-${site}`].map((point) => [point, chanceAt(site)] as const),
  )
  return {
    crashes: Object.fromEntries(crashes),
    crashRecord,
    evictsSessions: handicap === 'evict',
    dropsHints: handicap === 'deaf',
  }
}

/** One that knows nothing of Weft but the agent contract, and one on Weft's own implementation of it. */
const agentIds = ['chaos', 'kept'] as const

async function joinAll(env: Record<string, string>, sink: string, meanPasses: number | undefined): Promise<FollowedProgram[]> {
  const survives = String(Math.ceil((meanPasses ?? 0) / agentDiesMore))
  const joined = await Promise.all(agentIds.map((id) => joinPatiently(env, { id, args: [sink, survives] })))
  return joined.filter((agent) => agent !== undefined)
}

/** Joining asks several services, any of which may die meanwhile. */
async function joinPatiently(...args: Parameters<typeof joinAgent>): Promise<FollowedProgram | undefined> {
  for (let attempt = 1; attempt <= joinAttemptsMax; attempt += 1) {
    const agent = await joinAgent(...args).catch(() => undefined)
    if (agent !== undefined) return agent
  }
  return undefined
}

const joinAttemptsMax = 10
/** An agent is back in a fraction of the time a service takes, so it can die more often. */
const agentDiesMore = 20

async function joinAgent(
  env: Record<string, string>,
  { id, args }: { id: (typeof agentIds)[number]; args: string[] },
): Promise<FollowedProgram> {
  const main = join(root, 'tests', 'chaos', `${id}-agent.ts`)
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', main, ...args]
  const agent = followProgram(
    startWeft(['agent', 'run', '--app-id', id, '--app-port', String(await freePort()), '--', ...command], env),
  )
  await agent.until(new RegExp(`${id} joined the mesh`), 60_000)
  return agent
}

function countMatches(text: string, pattern: RegExp): Map<string, number> {
  const counts = new Map<string, number>()
  for (const [, name = ''] of text.matchAll(pattern)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
