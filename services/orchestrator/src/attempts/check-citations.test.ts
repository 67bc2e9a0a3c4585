import { expect, it } from '@jest/globals'
import { type Citation, WeftError } from '@weft/contracts'
import { z } from 'zod'
import { DrivenSession } from '../core/testing.ts'
import { checkCitations } from './check-citations.ts'

const place = { filename: 'lease.md', start: 0, end: 5, score: 1, verified: true as const }
const sound: Citation = { index: 1, fileId: 'file_1', quote: 'three', ...place }
const madeUp: Citation = { index: 2, fileId: 'file_1', quote: 'seven', ...place }

const Asked = z.object({ tenant: z.string(), citations: z.array(z.looseObject({ quote: z.string() })) })

/** The agent `rag`, which has one text: it says "three" for this tenant. */
function store(tenant: string) {
  const asked: unknown[] = []
  const invoke = async <T extends z.ZodType>(_app: string, _path: string, { schema, body }: { schema: T; body?: unknown }) => {
    asked.push(body)
    const { citations, tenant: of } = Asked.parse(body)
    return schema.parse(of === tenant ? citations.filter(({ quote }) => quote === 'three') : [])
  }
  return { asked, invoke }
}

function citedBy(agent: string, citations: Citation[]) {
  const session = new DrivenSession()
  session.run([{ stepId: 'answer', agent }])
  const outcome = { kind: 'succeeded' as const, output: 'Three [1]. Seven [2].', citations, confidence: 1 }
  return { session, input: { type: 'outcome' as const, ...session.ref('answer'), usage: [], outcome } }
}

it('a quote that an agent made up is not cited, and the answer says so', async () => {
  const { session, input } = citedBy('clerk', [sound, madeUp])
  session.send(await checkCitations(store(session.state.tenant), session.state, input))
  expect(session.state.turns[0]?.answer).toMatchObject({
    text: 'Three [1]. Seven [2].',
    citations: [sound],
    degraded: ['unsupported_citation'],
  })
})

it('quotes that stand in the text are cited, and the answer lacks nothing', async () => {
  const { session, input } = citedBy('clerk', [sound])
  session.send(await checkCitations(store(session.state.tenant), session.state, input))
  expect(session.state.turns[0]?.answer).toMatchObject({ citations: [sound], degraded: [] })
})

it('what cannot be looked up is not cited: its text is another tenant’s, or the store is away', async () => {
  const { session, input } = citedBy('clerk', [sound])
  const away = { invoke: () => Promise.reject(new Error('rag is away')) }
  const without = { outcome: { citations: [], degraded: ['unsupported_citation'] } }
  expect(await checkCitations(store('another tenant'), session.state, input)).toMatchObject(without)
  expect(await checkCitations(away, session.state, input)).toMatchObject(without)
})

it('a store that is away for a moment is waited for', async () => {
  const { session, input } = citedBy('clerk', [sound])
  const { invoke, asked } = store(session.state.tenant)
  const killed = new WeftError('dependency_unavailable', 'rag is not available')
  const invokeAgain: typeof invoke = (...request) => (asked.push('killed') === 1 ? Promise.reject(killed) : invoke(...request))
  expect(await checkCitations({ invoke: invokeAgain }, session.state, input)).toMatchObject({ outcome: { citations: [sound] } })
})

it.each(['rag', 'reasoning'])('what %s cites is compared there, and not twice', async (agent) => {
  const { session, input } = citedBy(agent, [sound])
  const { asked, invoke } = store(session.state.tenant)
  expect(await checkCitations({ invoke }, session.state, input)).toBe(input)
  expect(asked).toEqual([])
})
