import { expect, it } from '@jest/globals'
import { z } from 'zod'
import { bodyOf, request } from './mesh/shared-mesh.ts'
import { whileSuspended } from './mesh/while-suspended.ts'

const ErrorBody = z.object({ error: z.looseObject({ message: z.string() }) })
const Health = z.object({ status: z.string(), checks: z.record(z.string(), z.string()) })

const chat = { model: 'weft/auto', messages: [{ role: 'user', content: 'hello' }] }
const post = (path: string, body: object) =>
  request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

// Suspended rather than killed: what was killed is back before anybody notices.
it.each([
  ['orchestrator', () => post('/v1/chat/completions', chat), /orchestrator|actor/i],
  ['pglite', async () => request('/v1/files'), /database/i],
])('a request is refused while %s is down, naming it, and works again afterwards', async (name, ask, named) => {
  await whileSuspended(name, async () => {
    const refused = await ask()
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBeTruthy()
    expect((await bodyOf(ErrorBody, refused)).error.message).toMatch(named)
  })
  let status = 0
  for (let waitedMs = 0; status !== 200 && waitedMs < 90_000; waitedMs += 500) {
    status = (await ask()).status
    if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 500))
  }
  expect(status).toBe(200)
})

it('/healthz names every dependency', async () => {
  const { checks } = await bodyOf(Health, request('/healthz', { key: '' }))
  expect(Object.keys(checks)).toEqual(
    expect.arrayContaining(['database', 'sidecar', 'redis', 'orchestrator', 'planner', 'reasoning', 'rag']),
  )
})
