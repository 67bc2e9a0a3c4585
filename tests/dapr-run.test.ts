import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import OpenAI from 'openai'
import { type DaprRunFile, daprRunFile, type Infrastructure } from './mesh/dapr-run-file.ts'
import { type FollowedProgram, followProgram } from './mesh/followed-program.ts'
import { canSeeProcesses, processesWith } from './mesh/processes.ts'
import { freePort, freePorts, type MeshStatus, readStatus, root, runWeft, startProgram } from './mesh/running-mesh.ts'
import { weftOf } from './mesh/shared-mesh.ts'

const buildTimeoutMs = 900_000

let folder: string
let env: Record<string, string>
let dapr: string
let infrastructure: Infrastructure
let file: DaprRunFile
let running: FollowedProgram | undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-dapr-run-'))
  env = { WEFT_PORT: String(await freePort()), WEFT_DATA: folder, WEFT_DEFAULT_MODEL: 'offline/extractive' }
  process.stdout.write("dapr-run: finding Dapr's command line; where it was never built, that takes some minutes now\n")
  const cli = followProgram(startProgram(process.execPath, [join(root, 'tools', 'bootstrap', 'dapr-cli.mjs')], {}))
  if ((await cli.ended) !== 0) throw new Error(`Dapr's command line could not be built:\n${cli.output()}`)
  dapr = cli.stdout().trim()
}, buildTimeoutMs)

afterAll(async () => {
  await running?.end('SIGTERM', 60_000)
  await runWeft(['down'], env)
  await rm(folder, { recursive: true, force: true })
})

/** `dapr <args>` in a shell that has read the file of passwords, tokens and programs, as dapr/README.md says. */
function startDapr(args: string[], more: Record<string, string> = {}): FollowedProgram {
  const script = '. "$0" && exec "$@"'
  return followProgram(startProgram('sh', ['-c', script, join(folder, 'run', 'dapr.env'), dapr, ...args], { ...env, ...more }))
}

async function until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  let last: unknown
  for (const deadlineMs = Date.now() + 90_000; Date.now() < deadlineMs; ) {
    try {
      const value = await attempt()
      if (value !== undefined) return value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error(`${what} did not come about:\n${running?.output()}`, { cause: last })
}

async function readToken(name: string): Promise<string> {
  const text = await readFile(join(folder, 'run', 'dapr.env'), 'utf8')
  return new RegExp(`^export ${name}='([^']+)'$`, 'm').exec(text)?.[1] ?? ''
}

async function statusOf(url: string, token?: string): Promise<number> {
  return (await fetch(url, { headers: token === undefined ? {} : { 'dapr-api-token': token } })).status
}

it('starts the infrastructure alone', async () => {
  const started = await runWeft(['up', '--infrastructure', '--detach'], env)
  expect(started).toMatchObject({ code: 0, output: expect.stringContaining(join(folder, 'run', 'dapr.env')) })
  const { processes }: MeshStatus = readStatus((await runWeft(['status', '--json'], env)).stdout)
  expect(processes.map(({ name }) => name)).toEqual(['supervisor', 'redis', 'pglite', 'placement', 'scheduler'])
  const portOf = (name: string) => processes.find((process) => process.name === name)?.ports.grpc ?? 0
  infrastructure = { placement: portOf('placement'), scheduler: portOf('scheduler') }
})

it('answers a question with verified citations when all services run from dapr.yaml', async () => {
  file = await daprRunFile(folder, infrastructure)
  const how = file.taken.length === 0 ? 'as it is' : `with other ports: ${file.taken.join(', ')} are taken on this machine`
  process.stdout.write(`dapr-run: dapr/dapr.yaml is run ${how}\n`)
  running = startDapr(['run', '-f', file.path])
  const apiKey = (await readFile(join(folder, 'admin.key'), 'utf8')).trim()
  const url = `http://127.0.0.1:${file.publicPort}`
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
  await until('a ready gateway', async () => ((await fetch(`${url}/readyz`)).ok ? true : undefined))
  const store = await client.vectorStores.create({ name: 'mill' })
  const text = 'The mill at Ostrow grinds nine tonnes of rye a day. It was rebuilt after the flood of 1927.'
  const added = await client.vectorStores.files.uploadAndPoll(store.id, new File([text], 'mill.md'), { pollIntervalMs: 100 })
  expect(added.status).toBe('completed')
  const asked = {
    model: 'weft/auto',
    messages: [{ role: 'user' as const, content: 'How much rye does the mill at Ostrow grind?' }],
    weft: { vectorStoreIds: [store.id] },
  }
  const answer = await until('an answer', () => client.chat.completions.create(asked))
  expect(answer.choices[0]?.message.content).toContain('nine tonnes of rye')
  expect(weftOf(answer)).toMatchObject({
    status: 'completed',
    citations: [{ filename: 'mill.md', verified: true, quote: expect.stringContaining('nine tonnes') }],
  })
})

it('lets nobody in who has no token, at any service or sidecar', async () => {
  const [appToken, apiToken] = [await readToken('APP_API_TOKEN'), await readToken('DAPR_API_TOKEN')]
  expect([...file.apps.keys()]).toEqual(['planner', 'orchestrator', 'reasoning', 'rag', 'gateway'])
  for (const [appId, { app, sidecar }] of file.apps) {
    const route = `http://127.0.0.1:${app}/card`
    const metadata = `http://127.0.0.1:${sidecar}/v1.0/metadata`
    const refused = [await statusOf(route), await statusOf(route, apiToken), await statusOf(metadata)]
    expect({ appId, refused }).toEqual({ appId, refused: [403, 403, 401] })
    expect({ appId, admitted: await statusOf(metadata, apiToken) }).toEqual({ appId, admitted: 200 })
    expect([200, 404]).toContain(await statusOf(route, appToken))
  }
})

it('ends all services with dapr run itself', async () => {
  await running?.end('SIGINT', 60_000)
  running = undefined
  if (!canSeeProcesses) return
  const pidsLeft = await pidsOfInfrastructure()
  await until('the end of all services', async () => {
    const others = processesWith(folder).filter((pid) => !pidsLeft.includes(pid))
    return others.length === 0 ? true : undefined
  })
})

it('runs one service alone, beside the infrastructure', async () => {
  const [appPort = 0, http = 0, grpc = 0, internal = 0, metrics = 0] = await freePorts(5)
  const ports = { 'app-port': appPort, 'dapr-http-port': http, 'dapr-grpc-port': grpc, 'dapr-internal-grpc-port': internal }
  const flags = Object.entries({ ...ports, 'metrics-port': metrics }).flatMap(([name, port]) => [`--${name}`, String(port)])
  const { placement, scheduler } = infrastructure
  const args = [
    ...['run', '--app-id', 'rag', ...flags],
    ...['--resources-path', 'dapr/components', '--resources-path', 'dapr/resiliency', '--config', file.configuration],
    ...['--placement-host-address', `127.0.0.1:${placement}`, '--scheduler-host-address', `127.0.0.1:${scheduler}`],
    ...['--', 'node', '--disable-warning=ExperimentalWarning', 'services/rag/src/main.ts'],
  ]
  running = startDapr(args, { WEFT_APP_PORT: String(appPort) })
  const apiToken = await readToken('DAPR_API_TOKEN')
  const card = await until('the card of the service', async () => {
    const response = await fetch(`http://127.0.0.1:${http}/v1.0/invoke/rag/method/card`, {
      headers: { 'dapr-api-token': apiToken },
    })
    return response.ok ? response.text() : undefined
  })
  expect(card).toContain('retrieve')
  await running.end('SIGINT', 60_000)
  running = undefined
})

it('leaves no process', async () => {
  expect(await runWeft(['down'], env)).toMatchObject({ code: 0, stdout: 'stopped\n' })
  if (!canSeeProcesses) return
  await until('the end of every process', async () => (processesWith(folder).length === 0 ? true : undefined))
})

async function pidsOfInfrastructure(): Promise<number[]> {
  const { processes } = readStatus((await runWeft(['status', '--json'], env)).stdout)
  return processes.flatMap(({ pid }) => (pid == null ? [] : [pid]))
}
