import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import type { FollowedProgram } from './mesh/followed-program.ts'
import { joinScriptedAgent } from './mesh/join-scripted-agent.ts'
import { answerOf, eventually, makeKey, pausedOf, post } from './mesh/paused-sessions.ts'
import { bodyOf, request } from './mesh/shared-mesh.ts'

const Approval = z.looseObject({ policy: z.string(), assignees: z.array(z.string()), escalationLevel: z.number() })
const History = z.object({ data: z.array(z.looseObject({ entry: z.looseObject({ kind: z.string() }) })) })

let agent: FollowedProgram

beforeAll(async () => {
  agent = await joinScriptedAgent('governed')
})
afterAll(() => agent.end('SIGTERM', 60_000))

it('a policy file has a step asked about that does not ask itself, and goes up its ladder when nobody decides', async () => {
  const step = { stepId: 'answer', agent: 'governed', capability: 'work', params: { say: 'done' } }
  const plan = { planId: 'p', schemaVersion: 1, answerStepId: 'answer', steps: [step] }
  const asked = await post('/v1/chat/completions', {
    model: 'weft/auto',
    messages: [{ role: 'user', content: 'Go.' }],
    weft: { plan },
  })
  const { sessionId, approvals } = pausedOf(await bodyOf(z.looseObject({}), asked))
  const [{ id = '' } = {}] = approvals
  const now = () => bodyOf(Approval, request(`/approvals/${id}`))
  expect(await now()).toMatchObject({ policy: 'governed', assignees: ['role:clerk'], escalationLevel: 0 })
  await eventually(async () => (await now()).escalationLevel === 1)
  expect(await now()).toMatchObject({ status: 'pending', assignees: ['role:director'] })
  const [clerk, director] = await Promise.all([makeKey({ roles: ['clerk'] }), makeKey({ roles: ['director'] })])
  expect((await post(`/approvals/${id}/approve`, {}, clerk.key)).status).toBe(403)
  expect((await post(`/approvals/${id}/approve`, {}, director.key)).status).toBe(200)
  expect(await answerOf(sessionId)).toMatchObject({ status: 'completed', text: 'done' })
  const kinds = async () => (await bodyOf(History, request(`/approvals/${id}/history`))).data.map(({ entry }) => entry.kind)
  await eventually(async () => (await kinds()).includes('decided'))
  expect(await kinds()).toEqual(['requested', 'reminded', 'escalated', 'decided'])
})
