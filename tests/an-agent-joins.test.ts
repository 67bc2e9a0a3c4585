import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { type FollowedProgram, followProgram } from './mesh/followed-program.ts'
import { canSeeProcesses, processesWith } from './mesh/processes.ts'
import { freePorts, root, startWeft } from './mesh/running-mesh.ts'
import { request, sharedMesh } from './mesh/shared-mesh.ts'

const Answer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })),
  weft: z.looseObject({
    sessionId: z.string(),
    status: z.string(),
    approvals: z.array(z.looseObject({ id: z.string(), action: z.string(), args: z.unknown() })),
  }),
})
const Agents = z.object({ data: z.array(z.looseObject({ id: z.string(), isReachable: z.boolean() })) })

const capability = { name: 'nothing', description: 'Does nothing.', inputSchema: {}, outputSchema: {}, effects: 'none' }
const card = { id: 'stubborn', version: '1.0.0', description: 'Will not end.', capabilities: [capability] }

let folder: string
let ledgers: { id: string; ledger: string; program: FollowedProgram }[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-agents-'))
  const [first = 0, second = 0] = await freePorts(2)
  const examples = join(root, 'docs', 'examples')
  ledgers = [
    run('ledger', first, ['python3', join(examples, 'ledger_agent.py')]),
    run('ledger-ts', second, [process.execPath, join(examples, 'ledger-agent.ts')]),
  ]
  await Promise.all(ledgers.map(({ id, program }) => program.until(new RegExp(`${id} joined the mesh: transfer, count`), 90_000)))
})

afterAll(async () => {
  await Promise.all(ledgers.map(({ program }) => program.end('SIGTERM', 60_000).catch(() => undefined)))
  await rm(folder, { recursive: true, force: true })
})

function run(id: string, port: number, command: string[]) {
  const ledger = join(folder, `${id}.txt`)
  return { id, ledger, program: agentRun(['--app-id', id, '--app-port', String(port), '--', ...command, ledger]) }
}

function agentRun(args: string[]): FollowedProgram {
  const { port, dataFolder, apiKey } = sharedMesh()
  const env = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey }
  return followProgram(startWeft(['agent', 'run', ...args], env))
}

async function ask(step: object, more: { sessionId?: string; headers?: Record<string, string> } = {}) {
  const plan = { planId: 'p', schemaVersion: 1, answerStepId: 'answer', steps: [{ stepId: 'answer', ...step }] }
  const response = await request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...more.headers },
    body: JSON.stringify({ model: 'weft/auto', messages: [{ role: 'user', content: 'Do it.' }], weft: { plan } }),
  })
  return Answer.parse(await response.json())
}

async function say(sessionId: string, content: string) {
  const response = await request('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-session-id': sessionId },
    body: JSON.stringify({ model: 'weft/auto', messages: [{ role: 'user', content }] }),
  })
  return Answer.parse(await response.json())
}

/** A program that answers everything with its card. */
function answering(shown: object): string {
  const text = JSON.stringify(JSON.stringify(shown))
  return `require('node:http').createServer((_, response) => response.end(${text})).listen(process.env.APP_PORT, '127.0.0.1')`
}

const transfer = (agent: string, amount: number) => ({ agent, capability: 'transfer', params: { to: 'Ann', amount } })

describe.each(['ledger', 'ledger-ts'])('the example %s', (agent) => {
  const linesOf = async () => (await readFile(join(folder, `${agent}.txt`), 'utf8')).trim().split('\n')

  it('joins with its card, and a plan may use it at once', async () => {
    const { data } = Agents.parse(await (await request('/v1/agents')).json())
    expect(data.find(({ id }) => id === agent)).toMatchObject({ isReachable: true })
    const counted = await ask({ agent, capability: 'count', params: { upTo: 3 } })
    expect(counted.choices[0]?.message.content).toBe('Counted to 3, from 1 in this attempt.')
    const session = await (await request(`/v1/sessions/${counted.weft.sessionId}`)).json()
    expect(session).toMatchObject({ turns: [{ steps: [{ agent, agentVersion: '1.0.0' }] }] })
  })

  it('does its effect once a person has agreed, and once only', async () => {
    const paused = await ask(transfer(agent, 7))
    expect(paused.weft).toMatchObject({
      status: 'awaiting_approval',
      approvals: [{ action: 'transfer money', args: { to: 'Ann', amount: 7 } }],
    })
    const done = await say(paused.weft.sessionId, 'approve')
    expect(done.choices[0]?.message.content).toMatch(/^Transferred 7 to Ann, approved by /)
    expect((await linesOf()).filter((line) => line.endsWith('\t7 to Ann'))).toHaveLength(1)
  })

  it('does nothing when the person said no', async () => {
    const paused = await ask(transfer(agent, 8))
    const done = await say(paused.weft.sessionId, 'reject because it is too much')
    expect(done.choices[0]?.message.content).toMatch(/^Nothing was transferred: .* said no\.$/)
    expect((await linesOf()).some((line) => line.endsWith('\t8 to Ann'))).toBe(false)
  })

  it('asks from within a child session, and is answered at the session the client began', async () => {
    const plan = { planId: 'c', schemaVersion: 1, answerStepId: 'pay', steps: [{ stepId: 'pay', ...transfer(agent, 9) }] }
    const paused = await ask({ agent: 'session', capability: 'run', params: { input: 'Pay Ann.', plan } })
    expect(paused.weft).toMatchObject({ status: 'awaiting_approval', approvals: [{ args: { to: 'Ann', amount: 9 } }] })
    const done = await say(paused.weft.sessionId, 'approve')
    expect(done.choices[0]?.message.content).toMatch(/^Transferred 9 to Ann/)
  })
})

describe('weft agent run', () => {
  it('refuses a taken port, a name in use, a part of the mesh and a mesh that is not up, each in one line', async () => {
    const { port } = sharedMesh()
    const [free = 0] = await freePorts(1)
    const taken = agentRun(['--app-id', 'late', '--app-port', String(port), '--', 'true'])
    const twice = agentRun(['--app-id', 'ledger', '--app-port', String(free), '--', 'true'])
    const own = agentRun(['--app-id', 'rag', '--app-port', String(free), '--', 'true'])
    const env = { WEFT_DATA: folder, WEFT_API_KEY: 'weft_none', WEFT_PORT: String(free) }
    const down = followProgram(startWeft(['agent', 'run', '--app-id', 'late', '--app-port', '1', '--', 'true'], env))
    expect(await Promise.all([taken, twice, own, down].map((program) => program.ended))).toEqual([1, 1, 1, 3])
    expect(taken.output()).toMatch(/^weft: port \d+ is taken by another program/)
    expect(twice.output()).toMatch(/^weft: an agent "ledger" is running already/)
    expect(own.output()).toMatch(/^weft: "rag" is an agent of the mesh itself/)
  })

  it('lets one join of two that are started under one name at the same moment', async () => {
    const ports = await freePorts(2)
    const program = [process.execPath, '-e', answering({ ...card, id: 'twin' })]
    const twins = ports.map((port) => agentRun(['--app-id', 'twin', '--app-port', String(port), '--', ...program]))
    const refused = await Promise.race(
      twins.map(async (twin) => ((await twin.ended) === 1 ? twin : Promise.reject(twin.output()))),
    )
    expect(refused.output()).toMatch(/^weft: an agent "twin" is running already/)
    const joined = twins.find((twin) => twin !== refused)
    await joined?.until(/twin joined the mesh/, 90_000)
    expect(await joined?.end('SIGINT', 60_000)).toBe(0)
  })

  it('says why a program did not join', async () => {
    const [free = 0] = await freePorts(1)
    const ending = agentRun(['--app-id', 'ending', '--app-port', String(free), '--', 'false'])
    expect(await ending.ended).toBe(1)
    expect(ending.output()).toMatch(/ending exited with 1 at .*; it is started again\n/)
    expect(ending.output()).toMatch(/ending ended 3 times before it was ready: exited with 1/)
    expect(ending.output()).not.toContain('{')
  })

  it('takes the agent out of the mesh on Ctrl-C, and leaves no process', async () => {
    const codes = await Promise.all(ledgers.map(({ program }) => program.end('SIGINT', 60_000)))
    expect(codes).toEqual([0, 0])
    const { data } = Agents.parse(await (await request('/v1/agents')).json())
    expect(data.map(({ id }) => id)).not.toContain('ledger')
    if (canSeeProcesses) expect(processesWith(folder)).toEqual([])
  })

  it('ends at once when told twice, also with a program that will not end', async () => {
    const [free = 0] = await freePorts(1)
    const stubborn = `process.on('SIGTERM', () => {}); ${answering(card)}`
    const program = agentRun(['--app-id', 'stubborn', '--app-port', String(free), '--', process.execPath, '-e', stubborn, folder])
    await program.until(/stubborn joined the mesh/, 90_000)
    const ended = program.end('SIGINT', 60_000)
    await program.until(/stubborn leaves the mesh/, 60_000)
    void program.end('SIGINT', 60_000)
    expect(await ended).toBe(0)
    if (canSeeProcesses) expect(processesWith(folder)).toEqual([])
  })
})
