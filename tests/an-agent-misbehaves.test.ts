import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { FollowedProgram } from './mesh/followed-program.ts'
import { joinScriptedAgent } from './mesh/join-scripted-agent.ts'
import { post } from './mesh/paused-sessions.ts'

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
