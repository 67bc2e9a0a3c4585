import { expect, it } from '@jest/globals'
import { fromHead, partsOf, toHead } from './persist-session.ts'
import { DrivenSession } from './testing.ts'

it('a session read back from its head and parts is the session that was written', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'], approval: { reason: 'ask', quorum: 2 } }])
  session.succeed('a', { passages: ['x'] })
  session.decide('answer', { action: 'modify', params: { more: true } })
  const store = JSON.parse(JSON.stringify({ head: toHead(session.state), parts: Object.fromEntries(partsOf(session.state)) }))
  const loaded = await fromHead(store.head, async (key, schema) => schema.parse(store.parts[key]))
  expect(JSON.parse(JSON.stringify(loaded))).toEqual(JSON.parse(JSON.stringify(session.state)))
})
