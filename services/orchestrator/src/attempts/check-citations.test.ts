import { expect, it } from '@jest/globals'
import { type Citation, type UnverifiedSentences, WeftError } from '@weft/contracts'
import { z } from 'zod'
import { DrivenSession, planOf } from '../core/testing.ts'
import { checkCitations } from './check-citations.ts'
import { leaveOutCitations } from './leave-out-citations.ts'

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

interface Said {
  output?: unknown
  unverified?: UnverifiedSentences
}

function citedBy(agent: string, citations: Citation[], { output = 'Three [1]. Seven [2].', unverified }: Said = {}) {
  const session = new DrivenSession()
  session.submit({ options: { plan: planOf([{ stepId: 'answer', agent }]), unverified } })
  const outcome = { kind: 'succeeded' as const, output, citations, confidence: 1 }
  return { session, input: { type: 'outcome' as const, ...session.ref('answer'), usage: [], outcome } }
}

it('a quote that an agent made up is not cited, and the answer says so', async () => {
  const { session, input } = citedBy('clerk', [sound, madeUp])
  session.send(await checkCitations(store(session.state.tenant), session.state, input))
  expect(session.state.turns[0]?.answer).toMatchObject({
    text: 'Three [1]. Seven.',
    citations: [sound],
    degraded: ['unsupported_citation'],
  })
})

it.each([
  ['mark', 'Three [1]. Seven. [unverified]', 'unverified_marked'],
  ['drop', 'Three [1]. ', 'unverified_dropped'],
] as const)('a sentence whose only quote was made up is treated as the request wishes: %s', async (unverified, text, lack) => {
  const { session, input } = citedBy('clerk', [sound, madeUp], { output: { text: 'Three [1]. Seven [2].', more: 1 }, unverified })
  const checked = await checkCitations(store(session.state.tenant), session.state, input)
  expect(checked).toMatchObject({ outcome: { output: { text, more: 1 }, degraded: ['unsupported_citation', lack] } })
})

it('of an answer of which nothing is left that is said, and what is no text stays as it is', async () => {
  const dropped = citedBy('clerk', [madeUp], { output: 'Seven [2].', unverified: 'drop' })
  expect(await checkCitations(store('another tenant'), dropped.session.state, dropped.input)).toMatchObject({
    outcome: { output: 'Nothing of this answer could be verified.' },
  })
  const rows = citedBy('clerk', [madeUp], { output: { rows: ['Seven [2].'] } })
  expect(await checkCitations(store('another tenant'), rows.session.state, rows.input)).toMatchObject({
    outcome: { output: { rows: ['Seven [2].'] }, citations: [] },
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

it('what is cited by a capability that says it cites nothing is left out, its text stays as it was shown, and the answer says so', () => {
  const { session, input } = citedBy('clerk', [sound])
  session.send(leaveOutCitations({ mayCite: () => false }, session.state, input))
  const { answer } = session.state.turns[0] ?? {}
  expect(answer).toMatchObject({ text: 'Three [1]. Seven [2].', citations: [], degraded: ['unsupported_citation'] })
  expect(leaveOutCitations({ mayCite: () => true }, session.state, input)).toBe(input)
})
