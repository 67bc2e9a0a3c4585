import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import type { FollowedProgram } from './mesh/followed-program.ts'
import { joinScriptedAgent } from './mesh/join-scripted-agent.ts'
import { answerOf, pausedOf, post } from './mesh/paused-sessions.ts'
import { canSeeProcesses, processesWith } from './mesh/processes.ts'
import { sharedMesh } from './mesh/shared-mesh.ts'

let agent: FollowedProgram

beforeAll(async () => {
  agent = await joinScriptedAgent('unruly')
})
afterAll(() => agent.end('SIGTERM', 60_000))

function ask(params: object, more: object = {}): Promise<Response> {
  const step = { stepId: 'answer', agent: 'unruly', capability: 'work', params, ...more }
  const plan = { planId: 'p', schemaVersion: 1, answerStepId: 'answer', steps: [step] }
  return post('/v1/chat/completions', { model: 'weft/auto', messages: [{ role: 'user', content: 'Go.' }], weft: { plan } })
}

it('an agent that dies in the middle of a long step goes on from its last checkpoint', async () => {
  const response = await ask({ diesAt: 3 }, { onFailure: { action: 'retry', maxAttempts: 10 } })
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'went on from 3' } }] })
})

/** Of the agent, and of nothing else of the mesh, whose command lines have other words. */
function kill(word: 'daprd' | 'scripted-agent.ts'): void {
  const pids = processesWith(sharedMesh().dataFolder).filter((pid) => {
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return args.includes('unruly') && !args.includes('agent') && [program, args[0] ?? ''].some((part) => part.endsWith(word))
  })
  expect(pids).toHaveLength(1)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}

const once = { idempotent: false, onFailure: { action: 'ask' } }
const Answer = z.looseObject({ weft: z.unknown() })
const onLinux = canSeeProcesses ? it : it.skip
onLinux(
  'what must not happen twice is asked about, and not done again by itself, when the connection to its agent breaks',
  async () => {
    const asked = ask({ say: 'asked {tried} times', takesMs: 4_000 }, once)
    await sleep(1_500)
    kill('daprd')
    const { status, sessionId, approvals } = pausedOf(Answer.parse(await (await asked).json()))
    expect([status, approvals]).toMatchObject(['awaiting_approval', [{ action: 'try work again' }]])
    await post(`/approvals/${approvals[0]?.id}/approve`, {})
    expect(await answerOf(sessionId)).toEqual({ status: 'completed', text: 'asked 2 times' })
  },
)

onLinux('what must not happen twice and did not reach its agent, which had just ended, is done without a question', async () => {
  kill('scripted-agent.ts')
  const response = await ask({ say: 'asked {tried} times' }, once)
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'asked 1 times' } }] })
})

it('an agent whose card lies about what it puts out fails its step, and it is said what was wrong', async () => {
  const lie = () => ask({ say: 'no object', lies: true })
  // A card that has just come to the mesh is read within some seconds.
  for (const untilMs = Date.now() + 90_000; (await lie()).status !== 502 && Date.now() < untilMs; ) await sleep(500)
  const response = await lie()
  expect(response.status).toBe(502)
  expect(await response.json()).toMatchObject({
    error: { message: expect.stringMatching(/unruly does not put out what its card says of "work"/) },
  })
})
