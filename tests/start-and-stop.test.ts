import { cp, mkdtemp, open, readFile, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type Database, openDatabase, sql } from '@weft/database'
import { startPgliteServer } from '@weft/database/testing'
import OpenAI from 'openai'
import { type FollowedProgram, followProgram } from './mesh/followed-program.ts'
import { canSeeProcesses, isLoopback, isRunning, listenersOf, processesWith } from './mesh/processes.ts'
import {
  freePort,
  type MeshStatus,
  readStatus,
  root,
  runWeft,
  startProgram,
  startUnheard,
  type WeftRun,
} from './mesh/running-mesh.ts'

// One story over three starts of one data folder, each test a chapter of it: a start costs seconds.
let env: Record<string, string>
let url: string
let apiKey: string
let storeId: string
let inForeground: FollowedProgram | undefined

beforeAll(async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'weft-start-'))
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  env = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_DEFAULT_MODEL: 'offline/extractive' }
})

afterAll(async () => {
  await inForeground?.end('SIGTERM', 60_000)
  await weft(['down'])
  await rm(dataFolder(), { recursive: true, force: true })
})

const dataFolder = (): string => env.WEFT_DATA ?? ''
const weft = (args: string[]): Promise<WeftRun> => runWeft(args, env)
const status = async (): Promise<MeshStatus> => readStatus((await weft(['status', '--json'])).stdout)
const pidsOf = ({ processes }: MeshStatus): number[] => processes.flatMap(({ pid }) => (pid == null ? [] : [pid]))
const client = (): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })

/** What is found of the one document that the first start took in. */
async function findings(): Promise<string[]> {
  const page = await client().vectorStores.search(storeId, { query: 'How high is the lighthouse?' })
  return page.data.flatMap(({ content }) => content.map(({ text }) => text))
}

const isAnythingLeft = (pids: number[]): boolean =>
  pids.some(isRunning) || (canSeeProcesses && processesWith(dataFolder()).length > 0)

function expectNothingLeft(pids: number[]): void {
  expect(pids.filter(isRunning)).toEqual([])
  if (canSeeProcesses) expect(processesWith(dataFolder())).toEqual([])
}

it('says, without a mesh, that nothing was running', async () => {
  expect(await weft(['down'])).toMatchObject({ code: 0, stdout: 'nothing was running\n' })
  expect((await weft(['status'])).code).toBe(3)
})

it('refuses a data folder in which nothing can be made, at once', async () => {
  if (!canSeeProcesses) return
  const refused = await runWeft(['up'], { ...env, WEFT_DATA: '/proc/weft/data' })
  expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(/cannot write .*\/proc\/weft.*WEFT_DATA/) })
})

it('prints its address and, once, the key', async () => {
  inForeground = followProgram(startProgram(process.execPath, [join(root, 'tools', 'weft.mjs'), 'up'], env))
  await inForeground.until(/Weft is ready at/, 120_000)
  const [, key = ''] = await inForeground.until(/API key, shown this once .*: (\S+)\n/, 1_000)
  expect(inForeground.output()).toContain(`Weft is ready at ${url} `)
  expect(inForeground.output().split(key)).toHaveLength(2)
  expect(await readFile(join(dataFolder(), 'admin.key'), 'utf8')).toBe(`${key}\n`)
  apiKey = key
  const store = await client().vectorStores.create({ name: 'coast' })
  const text = 'The lighthouse at Skerrin is forty-one metres high. It was lit first in 1884.'
  await client().vectorStores.files.uploadAndPoll(store.id, new File([text], 'skerrin.md'), { pollIntervalMs: 50 })
  storeId = store.id
  expect(await findings()).toEqual([expect.stringContaining('forty-one metres')])
})

it('shows its logs, and that nothing is wrong', async () => {
  const logs = await weft(['logs', 'gateway', '-n', '50'])
  expect(logs.code).toBe(0)
  expect(logs.stdout).toContain('gateway is listening')
  expect((await weft(['logs', 'no-such-process'])).code).toBe(2)
  const doctor = await weft(['doctor', '--json'])
  expect(JSON.parse(doctor.stdout)).toMatchObject({ ok: true })
  expect(doctor.code).toBe(0)
})

it('listens on the loopback interface only, but for the two health ports that Dapr binds everywhere', async () => {
  if (!canSeeProcesses) {
    console.warn('skipped: this system does not show the sockets of other processes')
    return
  }
  const running = await status()
  const { processes } = running
  const healthPorts = processes.flatMap(({ name, ports }) =>
    name === 'placement' || name === 'scheduler' ? [ports.health ?? 0] : [],
  )
  const listeners = listenersOf([...pidsOf(running), ...processesWith(dataFolder())])
  expect(listeners.length).toBeGreaterThan(30)
  const exposed = listeners.filter((listener) => !isLoopback(listener) && !healthPorts.includes(listener.port))
  expect(exposed.map(({ pid, port }) => `${processes.find((one) => one.pid === pid)?.name}: ${port}`)).toEqual([])
})

it('ends in order on Ctrl-C and leaves no process', async () => {
  const pids = pidsOf(await status())
  expect(pids).toHaveLength(15)
  expect(await inForeground?.end('SIGINT', 60_000)).toBe(0)
  expect(inForeground?.output()).toMatch(/stopping: .*\nstopped\n$/)
  expect(inForeground?.output()).not.toMatch(/starting it again|answers nothing/)
  inForeground = undefined
  expectNothingLeft(pids)
  expect((await weft(['status'])).code).toBe(3)
})

it.each(['SIGINT', 'SIGTERM'] as const)('ends as soon after %s while it still starts', async (signal) => {
  inForeground = followProgram(startProgram(process.execPath, [join(root, 'tools', 'weft.mjs'), 'up'], env))
  await inForeground.until(/ready after/, 60_000)
  // Asking the command line would take as long as what is left of the start.
  const pids = canSeeProcesses ? processesWith(dataFolder()) : pidsOf(await status())
  expect(await inForeground.end(signal, 60_000)).toBe(0)
  expect(inForeground.output()).toMatch(/\nstopped\n$/)
  expect(inForeground.output()).not.toContain('Weft is ready')
  inForeground = undefined
  expectNothingLeft(pids)
})

it('has its data, and no new key, after the next start', async () => {
  const started = await weft(['up', '--detach'])
  expect(started).toMatchObject({ code: 0, output: expect.stringContaining(`Weft is ready at ${url}`) })
  expect(started.output).not.toContain(apiKey)
  expect(await findings()).toEqual([expect.stringContaining('forty-one metres')])
})

it('tells of a supervisor that was killed, and the next start ends what it left', async () => {
  const before = await status()
  const supervisor = before.processes.find(({ name }) => name === 'supervisor')?.pid ?? 0
  expect(supervisor).toBeGreaterThan(0)
  process.kill(supervisor, 'SIGKILL')
  while (isRunning(supervisor)) await sleep(50)
  const left = await weft(['status'])
  expect(left).toMatchObject({ code: 3, stdout: expect.stringContaining('the supervisor is gone') })
  const doctor = await weft(['doctor', '--json'])
  expect(JSON.parse(doctor.stdout)).toMatchObject({ ok: false })
  expect(await weft(['up', '--detach'])).toMatchObject({ code: 0 })
  expect(pidsOf(before).filter(isRunning)).toEqual([])
  // Some end by themselves: what they write goes nowhere any more.
  expect((await weft(['logs', 'supervisor'])).stdout).toMatch(/ended [1-9]\d* processes that an earlier start had left behind/)
  expect(await findings()).toEqual([expect.stringContaining('forty-one metres')])
})

it('ends with weft down, with the agents beside it, and leaves no process', async () => {
  const pids = pidsOf(await status())
  expect(pids).toHaveLength(15)
  const agent = await startAgent()
  expect(await weft(['down'])).toMatchObject({ code: 0, stdout: 'stopped, and with it the agents beside it: tide\n' })
  expect(await agent.ended).toBe(0)
  expectNothingLeft(pids)
})

it('does not start on the database of a newer version, and says so once, at once', async () => {
  await changeDatabase(({ db }) => sql`insert into weft_migrations (name) values ('9999-of-tomorrow')`.execute(db))
  const { code, output } = await weft(['up', '--detach'])
  const said =
    /^weft: gateway could not start: the database was migrated by a newer version of Weft: it has "9999-of-tomorrow", and this version's last is .*; start that version, or restore .*$/m
  expect({ code, output }).toMatchObject({ code: 1, output: expect.stringMatching(said) })
  expect(output).not.toContain('starting it again')
  expectNothingLeft([])
  await changeDatabase(({ db }) => sql`delete from weft_migrations where name = '9999-of-tomorrow'`.execute(db))
})

it('runs on where nothing takes what it says, as on a full disk', async () => {
  const output = canSeeProcesses ? await open('/dev/full', 'w') : undefined
  startUnheard([process.execPath, join(root, 'tools', 'weft.mjs'), 'up'], env, output?.fd ?? 'ignore')
  await output?.close()
  const found = () => findings().catch(() => [])
  for (let waitedMs = 0; (await found()).length === 0 && waitedMs < 120_000; waitedMs += 500) await sleep(500)
  expect(await findings()).toEqual([expect.stringContaining('forty-one metres')])
})

it('ends when its data folder is replaced, so that no mesh runs that nobody can find, and writes nothing into what is there now', async () => {
  const pids = pidsOf(await status())
  const backup = `${dataFolder()}.backup`
  await cp(join(dataFolder(), 'pglite'), join(backup, 'pglite'), { recursive: true })
  const control = await readFile(join(backup, 'pglite', 'global', 'pg_control'))
  await rm(dataFolder(), { recursive: true, force: true })
  await rename(backup, dataFolder())
  // The supervisor ends after those it has ended.
  for (let waitedMs = 0; isAnythingLeft(pids) && waitedMs < 120_000; waitedMs += 200) await sleep(200)
  expectNothingLeft(pids)
  expect(await readFile(join(dataFolder(), 'pglite', 'global', 'pg_control'))).toEqual(control)
})

/** A program that answers everything with its card, run beside the mesh. */
async function startAgent(): Promise<FollowedProgram> {
  const capability = { name: 'tell', description: 'Tells the tide.', inputSchema: {}, outputSchema: {}, effects: 'none' }
  const card = JSON.stringify(JSON.stringify({ id: 'tide', version: '1.0.0', description: 'Tides.', capabilities: [capability] }))
  const script = `require('node:http').createServer((_, response) => response.end(${card})).listen(process.env.APP_PORT, '127.0.0.1')`
  const args = ['agent', 'run', '--app-id', 'tide', '--app-port', String(await freePort()), '--', process.execPath, '-e', script]
  const agent = followProgram(startProgram(process.execPath, [join(root, 'tools', 'weft.mjs'), ...args], env))
  await agent.until(/tide joined the mesh: tell/, 90_000)
  return agent
}

/** While the mesh is down. */
async function changeDatabase(change: (database: Database) => Promise<unknown>): Promise<void> {
  const server = await startPgliteServer({ port: 0, dataFolder: join(dataFolder(), 'pglite') })
  const database = openDatabase({ urls: [`postgres://postgres@127.0.0.1:${server.port}/postgres`] })
  await change(database)
  await database.stop()
  await server.stop()
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
