import { expect, it } from '@jest/globals'
import { childAgent, type SessionView, WeftError } from '@weft/contracts'
import type { SessionInput } from '../core/session-input.ts'
import { DrivenSession } from '../core/testing.ts'
import { type ChildCallsOptions, createChildCalls } from './child-calls.ts'
import { invokeSession, type SessionCalls } from './session-methods.ts'

const viewOf = (status: 'running' | 'completed'): SessionView => ({
  id: 'sess_child',
  object: 'session',
  status,
  createdAt: '',
  updatedAt: '',
  lastSeq: 1,
  turns: [{ turn: 1, status, model: 'weft/auto', acceptedAt: '', steps: [] }],
})

const parentStep = { sessionId: 's1', rootSessionId: 's1', turn: 1, stepId: 'answer', depth: 1 }
const accepted = { sessionId: 'sess_child', turn: 1, isRepeat: false }

function parentWithChild() {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', ...childAgent, params: { input: 'Go.' } }])
  return session
}

/** Child sessions whose views are these, one after the other; what they call is kept. */
function childrenThat(views: (SessionView | Error)[], answers: Record<string, unknown> = { submit: accepted }) {
  const calls: string[] = []
  const made = createCalls(async ({ method }, { schema }) => {
    calls.push(method)
    await new Promise((resolve) => setImmediate(resolve))
    const answer = method === 'view' ? views.shift() : (answers[method] ?? {})
    if (answer instanceof Error) throw answer
    return schema.parse(answer)
  })
  return { calls, ...made }
}

function createCalls(callActor: ChildCallsOptions['sidecar']['callActor']) {
  const applied: SessionInput[] = []
  const problems: string[] = []
  const children = createChildCalls({
    sidecar: { callActor },
    apply: async (_actorId, input) => {
      applied.push(input)
    },
    peek: () => undefined,
    onProblem: (what) => problems.push(what),
  })
  return { children, applied, problems }
}

/** Each call takes one round of the loop. */
async function settle(): Promise<void> {
  for (let round = 0; round < 30; round += 1) await new Promise((resolve) => setImmediate(resolve))
}

it('a child that changes while it is asked is asked once more, however often it says so', async () => {
  const parent = parentWithChild()
  const { children, calls, applied } = childrenThat([viewOf('running'), viewOf('completed')])
  for (let count = 0; count < 4; count += 1) children.visit('acme.s1', parent.state, parent.ref('answer'))
  await settle()
  expect(calls).toEqual(['submit', 'view', 'submit', 'view'])
  expect(applied).toMatchObject([
    { type: 'child', told: { status: 'running' } },
    { type: 'child', told: { status: 'completed' } },
  ])
})

it('a child that could not be asked is asked again at the next tick', async () => {
  const parent = parentWithChild()
  const { children, applied, problems } = childrenThat([new Error('away'), viewOf('completed')])
  children.visit('acme.s1', parent.state, parent.ref('answer'))
  await settle()
  children.visit('acme.s1', parent.state, parent.ref('answer'))
  await settle()
  expect(problems).toEqual(['visit a child session'])
  expect(applied).toMatchObject([{ type: 'child', told: { status: 'completed' } }])
})

it('a child that refuses is no child: its step is told why', async () => {
  const gone = new WeftError('gone', 'it was deleted')
  const { children, applied } = childrenThat([], { submit: gone })
  children.visit('acme.s1', parentWithChild().state, parentWithChild().ref('answer'))
  await settle()
  expect(applied).toMatchObject([{ type: 'child', told: { code: 'gone', message: 'it was deleted' } }])
})

it('a child hears which pause of its parent it is', async () => {
  const heard: SessionInput[] = []
  const session: SessionCalls = {
    post: async (input) => void heard.push(input),
    read: async () => new DrivenSession().state,
    prepare: () => undefined,
    ensureAgentsKnown: async () => {},
    tellAttempt: () => undefined,
    readOutcomes: async () => new Map(),
    keep: async () => {},
    eraseLost: async () => false,
    loadHistory: async () => [],
  }
  const { children } = createCalls(async ({ method }, { body, schema }) =>
    schema.parse(await invokeSession(session, { actorId: 'acme.sess_child', method, argument: body })),
  )
  children.call('acme.s1', parentWithChild().state, { to: 'child', sessionId: 'sess_child', method: 'pause', seq: 4 })
  await settle()
  expect(heard).toEqual([{ type: 'pause', seq: 4 }])
})

it('whoever is called says whether it has to do with it; one that is not there has not', async () => {
  const parent = { to: 'parent' as const, turn: 1, seq: 3, parent: parentStep }
  const child = { to: 'child' as const, sessionId: 'sess_child', method: 'pause' as const, seq: 4 }
  const { children, applied } = childrenThat([], {
    childChanged: { isWanted: true },
    pause: new WeftError('not_found', 'no such session'),
  })
  const { state } = parentWithChild()
  children.call('acme.child', state, parent)
  children.call('acme.s1', state, child)
  await settle()
  expect(applied).toEqual([
    { type: 'arrived', errand: parent, isWanted: true },
    { type: 'arrived', errand: child, isWanted: false },
  ])
})

it('calls to one session never overtake each other, and one that fails is left to the next tick', async () => {
  const { children, calls, applied, problems } = childrenThat([], { pause: new Error('away'), resume: {} })
  const { state } = parentWithChild()
  for (const method of ['pause', 'resume'] as const) {
    children.call('acme.s1', state, { to: 'child', sessionId: 'sess_child', method, seq: 1 })
  }
  await settle()
  expect(calls).toEqual(['pause', 'resume'])
  expect(applied).toMatchObject([{ type: 'arrived', errand: { method: 'resume' } }])
  expect(problems).toEqual(['call a child session'])
})
