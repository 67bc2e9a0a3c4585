import { beforeAll, describe, expect, it } from '@jest/globals'
import { z } from 'zod'
import { Approval, type Ask, answerOf, beginIn, corrieStore, makeKey, post, refusalOf } from './mesh/paused-sessions.ts'
import { bodyOf, request } from './mesh/shared-mesh.ts'

let storeId: string
const begin = (ask: Ask = {}) => beginIn(storeId, ask)

beforeAll(async () => {
  storeId = await corrieStore()
})

describe('a decision over the API', () => {
  it('is taken once: the same again is the first one, another is told by whom it was', async () => {
    const { id, sessionId } = await begin()
    const ann = await makeKey()
    expect(await bodyOf(Approval, post(`/approvals/${id}/approve`, {}, ann.key))).toMatchObject({
      status: 'approved',
      isRepeat: false,
    })
    expect(await bodyOf(Approval, post(`/approvals/${id}/approve`, {}))).toMatchObject({
      decision: { by: ann.name },
      isRepeat: true,
    })
    const other = await refusalOf(await post(`/approvals/${id}/reject`, { reason: 'no' }))
    expect(other).toMatchObject({ status: 409, code: 'conflict', details: { decision: { by: ann.name } } })
    expect(other.message).toContain(ann.name)
    expect((await answerOf(sessionId)).text).toContain('1790')
  })

  it('may change the arguments: what is done is what was approved, with the change and a new estimate on record', async () => {
    const { id, sessionId } = await begin()
    const modified = await bodyOf(Approval, post(`/approvals/${id}/modify`, { params: { query: 'bridge at Corrie granite' } }))
    expect(modified).toMatchObject({
      status: 'modified',
      decision: {
        changes: [expect.objectContaining({ after: 'bridge at Corrie granite' })],
        estimate: { costUsd: expect.anything() },
      },
    })
    expect(await refusalOf(await post(`/approvals/${id}/approve`, {}))).toMatchObject({ status: 409, code: 'conflict' })
    expect((await answerOf(sessionId)).text).toContain('1854')
  })

  it('may change the remaining plan, and nothing of what has been done', async () => {
    const { id, sessionId } = await begin({ isAnswerAsked: true })
    const Session = z.looseObject({
      turns: z.array(z.looseObject({ plan: z.looseObject({ steps: z.array(z.looseObject({ stepId: z.string() })) }) })),
    })
    const plan = (await bodyOf(Session, request(`/v1/sessions/${sessionId}`))).turns[0]?.plan
    const planWith = (stepId: string, params: object) => ({
      ...plan,
      steps: (plan?.steps ?? []).map((step) => (step.stepId === stepId ? { ...step, params } : step)),
    })
    const done = await refusalOf(await post(`/approvals/${id}/modify`, { plan: planWith('search1', { query: 'castle' }) }))
    expect(done).toMatchObject({ status: 400, code: 'invalid_plan', message: expect.stringContaining('"search1"') })
    const unsound = { ...planWith('write', {}), answerStepId: 'nothing' }
    expect(await refusalOf(await post(`/approvals/${id}/modify`, { plan: unsound }))).toMatchObject({
      status: 400,
      code: 'invalid_plan',
    })
    const changed = planWith('write', { question: 'Of what was the wheel of the mill made?' })
    expect(await bodyOf(Approval, post(`/approvals/${id}/modify`, { plan: changed }))).toMatchObject({
      status: 'modified',
      decision: {
        changes: [expect.objectContaining({ after: 'Of what was the wheel of the mill made?' })],
        estimate: expect.anything(),
      },
    })
    expect((await answerOf(sessionId)).text).toContain('oak')
  })

  it('about a child session is found at the session a client began', async () => {
    const { id, sessionId } = await begin({ isChild: true })
    expect(id.startsWith(`appr_${sessionId}.`)).toBe(false)
    const Surfaced = z.looseObject({ sessionId: z.string(), rootSessionId: z.string() })
    const surfaced = await bodyOf(Surfaced, request(`/approvals/${sessionId}`))
    expect(surfaced).toMatchObject({ id, rootSessionId: sessionId })
    expect((await post(`/approvals/${sessionId}/approve`, {})).status).toBe(200)
    expect((await answerOf(sessionId)).text).toContain('1790')
  })

  it('counts only for what was shown', async () => {
    const { id, hash } = await begin()
    const outdated = await refusalOf(await post(`/approvals/${id}/approve`, { hash: '0'.repeat(64) }))
    expect(outdated).toMatchObject({ status: 409, code: 'approval_outdated', details: { hash } })
    expect((await post(`/approvals/${id}/approve`, { hash })).status).toBe(200)
  })

  it('takes a quorum of those who are asked, each counted once', async () => {
    const { id } = await begin({ assignees: ['role:board'], quorum: 2 })
    const [one, two, stranger] = [
      await makeKey({ roles: ['board'] }),
      await makeKey({ roles: ['board'] }),
      await makeKey({ roles: ['sales'] }),
    ]
    expect(await refusalOf(await post(`/approvals/${id}/approve`, {}, stranger.key))).toMatchObject({ status: 403 })
    const chatOnly = await makeKey({ scopes: ['chat'], roles: ['board'] })
    expect(await refusalOf(await post(`/approvals/${id}/approve`, {}, chatOnly.key))).toMatchObject({ status: 403 })
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const voted = await bodyOf(Approval, post(`/approvals/${id}/approve`, {}, one.key))
      expect(voted).toMatchObject({ status: 'pending', votes: [{ by: one.name }], isRepeat: repeat === 1 })
    }
    expect(await bodyOf(Approval, post(`/approvals/${id}/approve`, {}, two.key))).toMatchObject({ status: 'approved' })
  })

  it('of another tenant does not exist for it', async () => {
    const { id, sessionId } = await begin()
    const foreign = await makeKey({ tenant: 'elsewhere' })
    expect(await refusalOf(await post(`/approvals/${id}/approve`, {}, foreign.key))).toMatchObject({ status: 404 })
    expect(await refusalOf(await post(`/approvals/${sessionId}/approve`, {}, foreign.key))).toMatchObject({ status: 404 })
    expect(await refusalOf(await request(`/approvals/${id}`, { key: foreign.key }))).toMatchObject({ status: 404 })
    expect(await bodyOf(Approval, request(`/approvals/${id}`))).toMatchObject({ status: 'pending' })
  })

  it('is on record: listed while it is pending, and told step by step in the history', async () => {
    const { id, sessionId } = await begin({ assignees: ['role:clerk'] })
    const clerk = await makeKey({ roles: ['clerk'] })
    const Listed = z.object({ data: z.array(z.looseObject({ id: z.string() })) })
    const isListed = async (query: string, key?: string) => {
      const { data } = await bodyOf(
        Listed,
        request(`/approvals/pending?sessionId=${sessionId}&${query}`, key === undefined ? {} : { key }),
      )
      return data.some((approval) => approval.id === id)
    }
    expect(await isListed('assignee=me', clerk.key)).toBe(true)
    expect(await isListed('assignee=role:cook')).toBe(false)
    await post(`/approvals/${id}/snooze`, { until: new Date(Date.now() + 60_000).toISOString() }, clerk.key)
    expect(await isListed('')).toBe(false)
    expect(await isListed('snoozed=true')).toBe(true)
    await post(`/approvals/${id}/comment`, { text: 'which mill?' }, clerk.key)
    await post(`/approvals/${id}/approve`, { comment: 'the old one' }, clerk.key)
    const History = z.object({ data: z.array(z.looseObject({ entry: z.looseObject({ kind: z.string(), by: z.string() }) })) })
    const kinds = async () =>
      (await bodyOf(History, request(`/approvals/${id}/history`))).data.map(({ entry }) => [entry.kind, entry.by])
    expect(await kinds()).toEqual([
      ['requested', 'session'],
      ['snoozed', clerk.name],
      ['commented', clerk.name],
      ['decided', clerk.name],
    ])
    expect(await isListed('snoozed=true')).toBe(false)
  })

  it('is in every list at once, as is the answer it led to', async () => {
    const Listed = z.object({ data: z.array(z.looseObject({ id: z.string() })) })
    const idsOf = async (path: string) => (await bodyOf(Listed, request(path))).data.map(({ id }) => id)
    for (let round = 0; round < 10; round += 1) {
      const { id, sessionId } = await begin()
      expect(await idsOf(`/approvals/pending?sessionId=${sessionId}`)).toEqual([id])
      await post(`/approvals/${id}/approve`, {})
      expect(await idsOf(`/approvals/pending?sessionId=${sessionId}`)).toEqual([])
      await answerOf(sessionId)
      expect(await idsOf('/v1/sessions?status=completed')).toContain(sessionId)
      expect(await idsOf(`/v1/sessions/${sessionId}/messages`)).toEqual(['1.user', '1.assistant'])
      await request(`/v1/sessions/${sessionId}`, { method: 'DELETE' })
      expect(await idsOf('/v1/sessions?status=completed')).not.toContain(sessionId)
    }
  }, 60_000)

  it('comes in batches, each with its own result; a session id stands for its only approval', async () => {
    const { ids, sessionId } = await begin({ searches: 2 })
    const several = await refusalOf(await post(`/approvals/${sessionId}/approve`, {}))
    expect(several).toMatchObject({ status: 409, details: { approvals: ids } })
    const decisions = [
      { id: ids[0], action: 'approve' },
      { id: 'appr_none.1', action: 'approve' },
      { id: ids[1], action: 'reject', reason: 'once is enough' },
    ]
    const Results = z.object({ data: z.array(z.looseObject({ status: z.number() })) })
    const { data } = await bodyOf(Results, post('/approvals/batch', { decisions }))
    expect(data.map(({ status }) => status)).toEqual([200, 404, 200])
    expect((await answerOf(sessionId)).text).toContain('1790')
  })

  it('is taken once on the page that a link opens, by whoever holds the link', async () => {
    const { id, sessionId } = await begin()
    const { url } = await bodyOf(z.object({ url: z.string() }), post(`/approvals/${id}/link`, {}))
    for (let read = 0; read < 2; read += 1) expect(await (await fetch(url)).text()).toContain('mill at Corrie')
    expect(await bodyOf(Approval, request(`/approvals/${id}`))).toMatchObject({ status: 'pending' })
    const { origin, pathname, searchParams } = new URL(url)
    const submit = () => {
      const body = new URLSearchParams({ token: searchParams.get('token') ?? '', decision: 'approve' })
      return fetch(`${origin}${pathname}`, { method: 'POST', body })
    }
    expect((await submit()).status).toBe(200)
    expect((await submit()).status).toBe(410)
    expect((await answerOf(sessionId)).text).toContain('1790')
  })

  it('is taken as Agent Inbox and LangChain give it', async () => {
    const [inbox, langchain] = [await begin(), await begin()]
    expect((await post(`/approvals/${inbox.id}/decide`, [{ type: 'accept', args: null }])).status).toBe(200)
    expect((await post(`/approvals/${langchain.id}/decide`, { decisions: [{ type: 'reject', message: 'no' }] })).status).toBe(200)
    expect(await bodyOf(Approval, request(`/approvals/${langchain.id}`))).toMatchObject({ status: 'rejected' })
  })
})
