import { expect, it } from '@jest/globals'
import { childAgent, type SessionView } from '@weft/contracts'
import { createChildCalls } from './child-calls.ts'
import type { SessionInput } from './core/session-state.ts'
import { DrivenSession } from './core/testing.ts'

const viewOf = (status: 'running' | 'completed'): SessionView => ({
  id: 'sess_child',
  object: 'session',
  status,
  createdAt: '',
  updatedAt: '',
  lastSeq: 1,
  turns: [{ turn: 1, status, model: 'weft/auto', acceptedAt: '', steps: [] }],
})

function parentWithChild() {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', ...childAgent, params: { input: 'Go.' } }])
  return session
}

/** Child sessions whose views are these, one after the other; what they call is kept. */
function childrenThat(views: (SessionView | Error)[]) {
  const calls: string[] = []
  const applied: SessionInput[] = []
  const problems: string[] = []
  const children = createChildCalls({
    sidecar: {
      async callActor({ method }, { schema }) {
        calls.push(method)
        await new Promise((resolve) => setImmediate(resolve))
        const answer = method === 'view' ? views.shift() : { isWanted: false }
        if (answer instanceof Error) throw answer
        return schema.parse(answer)
      },
    },
    apply: async (_actorId, input) => {
      applied.push(input)
    },
    onProblem: (what) => problems.push(what),
  })
  return { children, calls, applied, problems }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 20))

it('a child that changes while it is asked is asked once more, however often it says so', async () => {
  const parent = parentWithChild()
  const { children, calls, applied } = childrenThat([viewOf('running'), viewOf('completed')])
  for (let count = 0; count < 4; count += 1) children.visit('acme.s1', parent.state, parent.ref('answer'))
  await settle()
  expect(calls).toEqual(['submit', 'view', 'submit', 'view'])
  expect(applied).toMatchObject([
    { type: 'child', status: 'running' },
    { type: 'child', status: 'completed' },
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
  expect(applied).toMatchObject([{ type: 'child', status: 'completed' }])
})

it('a child whose parent no longer wants it is cancelled', async () => {
  const { children, applied } = childrenThat([])
  const parent = { sessionId: 's1', rootSessionId: 's1', turn: 1, stepId: 'answer', depth: 1 }
  children.tellParent('acme.child', parentWithChild().state, { turn: 1, parent })
  await settle()
  expect(applied).toEqual([{ type: 'cancel', turn: 1 }])
})
