import { expect, it } from '@jest/globals'
import { fromHead, partsOf, toHead } from './persist-session.ts'
import { SessionHead } from './session-head.ts'
import type { SessionState } from './session-state.ts'
import { viewSession } from './session-view.ts'
import { DrivenSession, planOf } from './testing.ts'

async function readBack({ state }: DrivenSession): Promise<SessionState> {
  const store = JSON.parse(JSON.stringify({ head: toHead(state), parts: Object.fromEntries(partsOf(state)) }))
  return (await fromHead(SessionHead.parse(store.head), async (key, schema) => schema.parse(store.parts[key]))).state
}

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

it('an event waits in the head without the plan that its turn holds, and goes into the log with it', async () => {
  const session = new DrivenSession()
  session.run([
    { stepId: 'a', params: { word: 'once' } },
    { stepId: 'answer', dependsOn: ['a'] },
  ])
  expect(JSON.stringify(toHead(session.state))).not.toContain('once')
  const read = await readBack(session)
  expect(read.outbox).toEqual(JSON.parse(JSON.stringify(session.state.outbox)))
  expect(JSON.parse(JSON.stringify(toHead(read)))).toEqual(JSON.parse(JSON.stringify(toHead(session.state))))
})

it('an event whose plan was changed since keeps its own', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'a' }, { stepId: 'answer', dependsOn: ['a'] }])
  const more = { stepId: 'more', agent: 'rag', capability: 'retrieve', params: {}, dependsOn: [], parallel: false }
  const outcome = { kind: 'succeeded' as const, output: 'found', citations: [], confidence: 1, steps: [more] }
  session.send({ type: 'outcome', ...session.ref('a'), usage: [], outcome })
  expect(session.state.turns[0]?.planVersion).toBe(2)
  expect((await readBack(session)).outbox).toEqual(JSON.parse(JSON.stringify(session.state.outbox)))
})

it('what a step has put out lies in the head while it is small, goes from there into the ended turn, and comes back', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'little' }, { stepId: 'large' }, { stepId: 'answer', dependsOn: ['little', 'large'] }])
  session.succeed('little', 'yes')
  session.succeed('large', 'x'.repeat(1_000))
  const outcomes = () => [...partsOf(session.state).keys()].filter((part) => part.startsWith('outcome.'))
  expect(outcomes()).toEqual(['outcome.1.large.1.1'])
  expect((await readBack(session)).turns[0]?.steps.little?.outcome?.output).toBe('yes')
  session.succeed('answer', 'no')
  expect(outcomes()).toEqual(['outcome.1.large.1.1'])
  const [ended] = (await readBack(session)).turns
  expect([ended?.steps.little?.outcome?.output, ended?.steps.answer?.outcome?.output]).toEqual(['yes', 'no'])
})

it('an outcome that the store holds as a part stays one, and a plan of many steps has parts only', () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'little' }, { stepId: 'answer', dependsOn: ['little'] }])
  session.succeed('little', 'yes')
  const isStored = (part: string) => part === 'outcome.1.little.1.1'
  expect(partsOf(session.state, { tagOf: () => 'old', isStored }).has('outcome.1.little.1.1')).toBe(true)
  expect(JSON.stringify(toHead(session.state, { tagOf: () => 'old', isStored }))).toContain('"outcomeTag":"old"')
  const many = new DrivenSession()
  many.run(Array.from({ length: 65 }, (_, n) => ({ stepId: `s${n}` })))
  many.succeed('s0', 'yes')
  expect(partsOf(many.state).has('outcome.1.s0.1.1')).toBe(true)
})

it('a head of an earlier version, with every batch in a part, is read', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', approval: { reason: 'ask' } }])
  const { outbox: _, ...head } = JSON.parse(JSON.stringify(toHead(session.state)))
  for (const turn of head.turns) {
    delete turn.replyDetail
    for (const approval of turn.approvals) delete approval.delegations
  }
  const events = session.state.outbox[0]?.events
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

it('a turn that was taken when a date could be any text is read back', async () => {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer' }])
  const [turn] = session.state.turns
  if (turn === undefined) throw new Error('no turn')
  const taken = { ...turn, request: { ...turn.request, options: { ...turn.request.options, asOf: 'yesterday' } } }
  const parts = Object.fromEntries(partsOf({ ...session.state, turns: [taken] }))
  const { state } = await fromHead(SessionHead.parse(JSON.parse(JSON.stringify(toHead(session.state)))), async (key, schema) =>
    schema.parse(JSON.parse(JSON.stringify(parts[key]))),
  )
  expect(state.turns[0]?.request.options.asOf).toBe('yesterday')
})

it('what a step has found is shown by a session that was read back after its turn has ended', async () => {
  const place = { vectorStoreId: 'vs_1', fileId: 'file_1', filename: 'a.md', start: 0, end: 4, score: 0.5 }
  const plan = planOf([
    { stepId: 'look', capability: 'retrieve' },
    { stepId: 'answer', dependsOn: ['look'] },
  ])
  const session = new DrivenSession()
  session.submit({ options: { plan }, showsSearch: true })
  session.succeed('look', { passages: [{ ...place, text: 'x'.repeat(1_000) }] })
  session.succeed('answer', 'So it is.')
  const view = viewSession(await readBack(session))
  expect(view.turns).toMatchObject([{ status: 'completed', steps: [{ stepId: 'look', found: [place] }, { stepId: 'answer' }] }])
})
