import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, it } from '@jest/globals'
import { z } from 'zod'
import { askingIn, corrieStore, eventually, makeKey, pausedOf, post } from './mesh/paused-sessions.ts'
import { bodyOf, openAiClient, request } from './mesh/shared-mesh.ts'

/** 500 in the run whose figures are published. */
const approvalsPerStory = Number(process.env.WEFT_RACED_APPROVALS ?? 25)
const perSession = 25
/** Of a session, decisions that come after its cancel. */
const lateDecisions = 3

const Verdict = z.object({ status: z.string(), by: z.string(), at: z.string() })
type Verdict = z.infer<typeof Verdict>
const Told = z.union([
  z.object({ decision: Verdict, isRepeat: z.boolean() }),
  z.object({ error: z.object({ code: z.string(), message: z.string(), details: z.object({ decision: Verdict }) }) }),
])
const History = z.object({ data: z.array(z.object({ at: z.string(), entry: z.looseObject({ kind: z.string() }) })) })

let storeId: string
let approvers: { name: string; key: string }[]

beforeAll(async () => {
  storeId = await corrieStore()
  approvers = await Promise.all(Array.from({ length: 20 }, () => makeKey()))
})

it('of 20 approvers at once one decides, and every other is told by whom and when', async () => {
  const winners = await inSessions({}, async ({ ids }) => {
    const verdicts = []
    for (const id of ids) verdicts.push(await race(id))
    return verdicts
  })
  expect(winners.every(({ by }) => approvers.some(({ name }) => name === by))).toBe(true)
  expect(new Set(winners.map(({ status }) => status))).toEqual(new Set(['approved', 'rejected']))
})

it('a cancel that races 20 approvers ends what nobody has decided, and undoes no decision', async () => {
  const winners = await inSessions({}, async ({ ids, sessionId }) => {
    const cancelling = sleep(10 * perSession + 20 * Math.random()).then(() => post(`/v1/sessions/${sessionId}/cancel`, {}))
    // On a busy machine the cancel may come after all that race it: the last come after it.
    const startOf = (index: number) => (index < ids.length - lateDecisions ? sleep(20 * index) : cancelling)
    const racing = ids.map(async (id, index) => startOf(index).then(() => race(id)))
    expect((await cancelling).status).toBe(200)
    return Promise.all(racing)
  })
  const cancelled = winners.filter(({ status }) => status === 'cancelled')
  expect(cancelled.every(({ by }) => by === 'session')).toBe(true)
  expect(cancelled.length).toBeGreaterThanOrEqual((approvalsPerStory / perSession) * lateDecisions)
})

it('a deadline that races 20 approvers wins or loses, and all are told the same', async () => {
  const timeoutMs = 1_500
  const winners = await inSessions({ timeoutMs }, async ({ ids, deadlineMs }) => {
    await sleep(deadlineMs - 150 - Date.now())
    return Promise.all(ids.map(async (id) => sleep(300 * Math.random()).then(() => race(id))))
  })
  const expired = winners.filter(({ status }) => status === 'expired')
  expect(expired.every(({ by }) => by === 'deadline')).toBe(true)
  expect(expired.length).toBeGreaterThan(0)
})

interface Asked {
  sessionId: string
  ids: string[]
  /** When the mesh lets them expire. */
  deadlineMs: number
}

/** Begins so many sessions that the story has its approvals, lets `decide` race in each, and holds what it says against the record. */
async function inSessions(terms: { timeoutMs?: number }, decide: (asked: Asked) => Promise<Verdict[]>): Promise<Verdict[]> {
  const all: Verdict[] = []
  for (let done = 0; done < approvalsPerStory; done += perSession) {
    const asking = askingIn(storeId, { searches: perSession, ...terms })
    const weft = pausedOf(await openAiClient().chat.completions.create(asking))
    const ids = weft.approvals.map(({ id }) => id)
    const deadlineMs = Date.parse(String(weft.approvals[0]?.deadline))
    expect(ids).toHaveLength(perSession)
    const verdicts = await decide({ sessionId: weft.sessionId, ids, deadlineMs })
    await expectOnRecord(ids, verdicts)
    all.push(...verdicts)
  }
  return all
}

/** Half approve and half reject, all at once; the one verdict that all of them were told. */
async function race(id: string): Promise<Verdict> {
  const first = Math.round(Math.random())
  const told = await Promise.all(
    shuffled(approvers).map(async ({ name, key }, index) => {
      const action = index % 2 === first ? 'approve' : 'reject'
      const response = await post(
        `/approvals/${id}/${action}`,
        action === 'approve' ? {} : { reason: `${name} is against it` },
        key,
      )
      const body = toldOf(await response.json())
      const verdict = 'error' in body ? body.error.details.decision : body.decision
      return { name, action, status: response.status, verdict, body }
    }),
  )
  const [{ verdict } = { verdict: undefined }] = told
  if (verdict === undefined) throw new Error('nobody was told anything')
  for (const one of told) {
    expect(one.verdict).toEqual(verdict)
    if ('error' in one.body) expect(one.body.error.message).toContain(`${verdict.status} by ${verdict.by} at ${verdict.at}`)
    const isAsDecided = verdict.status === (one.action === 'approve' ? 'approved' : 'rejected')
    const isOver = verdict.by === 'deadline' || verdict.by === 'session'
    expect([one.status, one.verdict]).toEqual([isOver ? 410 : isAsDecided ? 200 : 409, verdict])
  }
  const firsts = told.filter(({ body }) => 'isRepeat' in body && !body.isRepeat)
  expect(firsts.map(({ name }) => name)).toEqual(firsts.length === 0 ? [] : [verdict.by])
  return verdict
}

function toldOf(body: unknown): z.infer<typeof Told> {
  const told = Told.safeParse(body)
  if (!told.success) throw new Error(`neither decided nor told by whom: ${JSON.stringify(body)}`)
  return told.data
}

/** Each approval was decided once in the history, as everybody was told. */
async function expectOnRecord(ids: string[], verdicts: Verdict[]): Promise<void> {
  for (const [index, id] of ids.entries()) {
    const decisions = async () => {
      const { data } = await bodyOf(History, request(`/approvals/${id}/history`))
      return data.filter(({ entry }) => entry.kind === 'decided').map(({ at, entry }) => Verdict.parse({ ...entry, at }))
    }
    await eventually(async () => (await decisions()).length > 0)
    expect(await decisions()).toEqual([verdicts[index]])
  }
}

function shuffled<T>(items: T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item)
}
