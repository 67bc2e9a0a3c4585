import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { type FollowedProgram, followProgram } from '@weft/tests/mesh/followed-program.ts'
import { freePort, startWeft } from '@weft/tests/mesh/running-mesh.ts'
import { Agent, request } from 'undici'
import { z } from 'zod'
import { type BenchMesh, startBenchMesh } from '../measuring/bench-mesh.ts'
import type { Contender, Shape } from './contender.ts'

const Answer = z.object({ weft: z.looseObject({ sessionId: z.string(), status: z.string() }) })

const Session = z.object({ turns: z.array(z.object({ steps: z.array(z.object({ startedAt: z.string() })) })) })

export interface WeftContender extends Contender {
  mesh: BenchMesh
  agentUrl: string
  /** Milliseconds from the start of one step of a chain to the next, by the session's own clock: without the way of request and answer. */
  chainInside(steps: number): Promise<number>
  /** Runs a shape as far as it goes without anybody; answers the session's id. */
  ask(shape: Shape): Promise<string>
}

interface WeftOptions {
  /** Every write of the embedded Redis is on the disk before it is answered. */
  isSynced?: boolean
  /** A file for the time of every call of the agent (echo-agent.ts). */
  arrivals?: string
}

/** Weft as a client meets it: a plan with every request, each step a call to another service through two sidecars. */
export async function startWeftContender({ isSynced = false, arrivals }: WeftOptions = {}): Promise<WeftContender> {
  const mesh = await startBenchMesh({ env: { WEFT_REDIS_APPENDFSYNC: isSynced ? 'always' : 'everysec' } })
  const agentPort = await freePort()
  const echo = await joinEcho(mesh, { agentPort, arrivals })
  const connections = new Agent({ connections: 256 })
  return {
    name: isSynced ? 'Weft, appendfsync always' : 'Weft',
    step: 'another service, through two sidecars',
    mesh,
    agentUrl: `http://127.0.0.1:${agentPort}`,
    run: async (shape) => {
      await ask(shape)
    },
    ask,
    async chainInside(steps) {
      const sessionId = await ask({ chain: steps })
      const headers = { authorization: `Bearer ${mesh.apiKey}` }
      const response = await request(`${mesh.url}/v1/sessions/${sessionId}`, { headers, dispatcher: connections })
      const { turns } = Session.parse(await response.body.json())
      const starts = (turns[0]?.steps ?? []).map(({ startedAt }) => Date.parse(startedAt))
      return ((starts.at(-1) ?? 0) - (starts[0] ?? 0)) / (steps - 1)
    },
    async stop() {
      await echo.end('SIGINT', 20_000)
      await connections.close()
      await mesh.stop()
    },
  }

  async function ask(shape: Shape): Promise<string> {
    const body = {
      model: 'weft/auto',
      messages: [{ role: 'user', content: 'Run.' }],
      weft: { plan: planOf(shape), progress: false, background: shape.isBackground ?? false },
    }
    const { sessionId = randomUUID() } = shape
    const response = await request(`${mesh.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${mesh.apiKey}`, 'x-session-id': sessionId },
      body: JSON.stringify(body),
      dispatcher: connections,
    })
    const answer = await response.body.json()
    if (shape.isBackground) return sessionId
    const { weft } = Answer.parse(answer)
    const wanted = shape.isAsked ? 'awaiting_approval' : 'completed'
    if (weft.status !== wanted) throw new Error(`the session is ${weft.status}`)
    return sessionId
  }
}

async function joinEcho(
  { port, dataFolder, apiKey }: BenchMesh,
  { agentPort, arrivals }: { agentPort: number; arrivals: string | undefined },
): Promise<FollowedProgram> {
  const env = { WEFT_PORT: String(port), WEFT_DATA: dataFolder, WEFT_API_KEY: apiKey }
  const main = join(import.meta.dirname, 'echo-agent.ts')
  const args = [
    'agent',
    'run',
    '--app-id',
    'echo',
    '--app-port',
    String(agentPort),
    '--',
    process.execPath,
    main,
    ...(arrivals === undefined ? [] : [arrivals]),
  ]
  const program = followProgram(startWeft(args, env))
  await program.until(/echo joined the mesh/, 60_000)
  return program
}

function planOf({ chain = 1, fanOut = 0, delayMs, isAsked }: Shape) {
  const params = delayMs === undefined ? {} : { delayMs }
  const step = { agent: 'echo', capability: 'echo', params: {}, parallel: false }
  if (fanOut > 0) {
    const middle = Array.from({ length: fanOut }, (_, n) => ({
      ...step,
      stepId: `m${n}`,
      dependsOn: ['first'],
      params,
      parallel: true,
    }))
    const first = { ...step, stepId: 'first', dependsOn: [] }
    const last = { ...step, stepId: 'last', dependsOn: middle.map(({ stepId }) => stepId) }
    return { planId: 'fan', schemaVersion: 1, answerStepId: 'last', steps: [first, ...middle, last] }
  }
  const steps = Array.from({ length: chain }, (_, n) => ({
    ...(isAsked && n === 0 ? { approval: { reason: 'A person decides.' } } : {}),
    ...step,
    stepId: `s${n}`,
    params,
    dependsOn: n === 0 ? [] : [`s${n - 1}`],
  }))
  return { planId: 'chain', schemaVersion: 1, answerStepId: `s${chain - 1}`, steps }
}
