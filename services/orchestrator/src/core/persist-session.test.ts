import { expect, it } from '@jest/globals'
import { fromHead, partsOf, toHead } from './persist-session.ts'
import { SessionHead } from './session-head.ts'
import { DrivenSession } from './testing.ts'

it('a session read back from its head and parts is the session that was written', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'], approval: { reason: 'ask', quorum: 2 } }])
  session.succeed('a', { passages: ['x'] })
  session.decide('answer', { action: 'modify', params: { more: true } })
  const store = JSON.parse(JSON.stringify({ head: toHead(session.state), parts: Object.fromEntries(partsOf(session.state)) }))
  const { state } = await fromHead(SessionHead.parse(store.head), async (key, schema) => schema.parse(store.parts[key]))
  expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify(session.state)))
})

it('what waits for the log lies in the head while it is small and new, else in parts, and comes back whole', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer' }])
  const say = (message: string) => session.send({ type: 'progress', ...session.ref('answer'), message, fraction: undefined })
  for (const message of ['a', 'b', 'c', 'd', 'x'.repeat(3_000), 'e']) say(message)
  const parts = partsOf(session.state)
  const [accepted, a, b, , , long] = session.state.outbox.map(({ events }) => events)
  const old = [accepted, a, b, long]
  expect([...parts].filter(([part]) => part.startsWith('events.')).map(([, events]) => events)).toEqual(old)
  const { state } = await fromHead(SessionHead.parse(JSON.parse(JSON.stringify(toHead(session.state)))), async (key, schema) =>
    schema.parse(JSON.parse(JSON.stringify(parts.get(key)))),
  )
  expect(state.outbox).toEqual(JSON.parse(JSON.stringify(session.state.outbox)))
})

it('a head of an earlier version, with every batch in a part, is read', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', approval: { reason: 'ask' } }])
  const { outbox, ...head } = JSON.parse(JSON.stringify(toHead(session.state)))
  for (const turn of head.turns) {
    delete turn.replyDetail
    for (const approval of turn.approvals) delete approval.delegations
  }
  const events = outbox[0].events
  const earlier = SessionHead.parse({ ...head, outbox: [{ epoch: 1, firstSeq: 1 }] })
  const parts: Record<string, unknown> = { ...Object.fromEntries(partsOf(session.state)), 'events.1.1': events }
  const { state } = await fromHead(earlier, async (key, schema) => schema.parse(JSON.parse(JSON.stringify(parts[key]))))
  expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify(session.state)))
})

it('each commit writes what is new and a small head, however much the steps before have put out', () => {
  const stepIds = Array.from({ length: 50 }, (_, n) => `s${n}`)
  const output = { text: 'x'.repeat(100_000) }
  const session = new DrivenSession()
  const seen = new Set<string>()
  let headBytes = 0
  let partBytes = 0
  const commit = () => {
    headBytes = Math.max(headBytes, JSON.stringify(toHead(session.state)).length)
    for (const [key, part] of partsOf(session.state)) {
      if (!seen.has(key)) partBytes += JSON.stringify(part).length
      seen.add(key)
    }
  }
  session.run(stepIds.map((stepId, n) => ({ stepId, dependsOn: stepIds.slice(Math.max(0, n - 1), n) })))
  commit()
  for (const stepId of stepIds) {
    session.succeed(stepId, output)
    session.send({ type: 'flushed', upToSeq: session.state.lastSeq })
    commit()
  }
  expect(session.turnStatus).toBe('completed')
  expect(headBytes).toBeLessThan(stepIds.length * 250)
  // Every output once, and the last one a second time as the answer.
  expect(partBytes).toBeLessThan((stepIds.length + 1.5) * 100_000)
})
