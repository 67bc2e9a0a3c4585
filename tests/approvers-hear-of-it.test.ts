import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Webhook } from 'standardwebhooks'
import { z } from 'zod'
import { answerOf, beginIn, corrieStore, eventually, makeKey, post } from './mesh/paused-sessions.ts'
import { type Letter, startMailServer, startWebhookReceiver, type WebhookCall } from './mesh/receivers.ts'
import { readTopic } from './mesh/read-topic.ts'
import { bodyOf, request, sharedMesh } from './mesh/shared-mesh.ts'

const Made = z.looseObject({ id: z.string(), secret: z.string() })
const Told = z.object({
  type: z.string(),
  timestamp: z.string(),
  data: z.looseObject({ id: z.string(), status: z.string(), hash: z.string() }),
})
const Event = z.looseObject({ type: z.string(), approval: z.looseObject({ id: z.string(), status: z.string() }) })
type Event = z.infer<typeof Event> & { id: string | undefined }

let storeId: string
let receiver: Awaited<ReturnType<typeof startWebhookReceiver>>
let mail: Awaited<ReturnType<typeof startMailServer>>

beforeAll(async () => {
  storeId = await corrieStore()
  receiver = await startWebhookReceiver()
  mail = await startMailServer(sharedMesh().mailPort)
})
afterAll(async () => {
  await receiver.stop()
  await mail.stop()
})

/** Approvers of one test are named by nobody else. */
const addressOf = (name: string) => `${name}-${Date.now()}@example.com`

async function addWebhook(): Promise<
  z.infer<typeof Made> & { calls(approvalId: string): WebhookCall[]; remove(): Promise<void> }
> {
  const made = await bodyOf(Made, post('/v1/webhooks', { url: receiver.url }))
  return {
    ...made,
    calls: (approvalId) => receiver.calls.filter(({ body }) => Told.parse(JSON.parse(body)).data.id === approvalId),
    async remove() {
      expect((await request(`/v1/webhooks/${made.id}`, { method: 'DELETE' })).status).toBe(200)
    },
  }
}

/** What the published verifier makes of a call; throws for a signature it does not accept. */
function verified(secret: string, { body, headers }: WebhookCall) {
  return Told.parse(new Webhook(secret).verify(body, headers))
}

async function letterTo(address: string): Promise<Letter> {
  const found = () => mail.letters.filter(({ to }) => to.includes(address))
  await eventually(async () => found().length > 0)
  const [letter, ...more] = found()
  if (letter === undefined || more.length > 0) throw new Error(`${found().length} letters came to ${address}`)
  return letter
}

/** Opens the stream of approvals as one of them sees it; the reader leaves with the event that is the last to it. */
async function openStream(assignee: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController()
  const query = `?assignee=${encodeURIComponent(assignee)}`
  const response = await request(`/approvals/stream${query}`, { headers, signal: leaving.signal })
  return async (isLast: (event: Event) => boolean): Promise<Event[]> => {
    const events: Event[] = []
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString('utf8')
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      events.push(...blocks.flatMap(eventOf))
      if (events.some(isLast)) break
    }
    leaving.abort()
    return events
  }
}

function eventOf(block: string): Event[] {
  const data = /^data: (.*)$/m.exec(block)?.[1]
  return data === undefined ? [] : [{ ...Event.parse(JSON.parse(data)), id: /^id: (\d+)$/m.exec(block)?.[1] }]
}

describe('approvers hear of what is asked', () => {
  it('by a signed webhook, which hears of the decision too', async () => {
    const hook = await addWebhook()
    const approval = await beginIn(storeId)
    await eventually(async () => hook.calls(approval.id).length === 1)
    await post(`/approvals/${approval.id}/approve`, {})
    await eventually(async () => hook.calls(approval.id).length === 2)
    const told = hook.calls(approval.id).map((call) => verified(hook.secret, call))
    expect(told).toMatchObject([
      { type: 'approval.requested', data: { status: 'pending', hash: approval.hash, sessionId: approval.sessionId } },
      { type: 'approval.decided', data: { status: 'approved', decision: { by: 'first admin key' } } },
    ])
    await hook.remove()
  })

  it('by a webhook that was away, again and under the same id', async () => {
    const hook = await addWebhook()
    receiver.answers.push(503)
    const approval = await beginIn(storeId)
    await eventually(async () => hook.calls(approval.id).length === 1)
    await eventually(async () => hook.calls(approval.id).length === 2)
    const [first, second] = hook.calls(approval.id)
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    await hook.remove()
  })

  it('by a webhook whose secret is being replaced: receivers with either are served', async () => {
    const hook = await addWebhook()
    const { secret } = await bodyOf(Made, post(`/v1/webhooks/${hook.id}/rotate`, {}))
    const approval = await beginIn(storeId)
    await eventually(async () => hook.calls(approval.id).length === 1)
    const [call] = hook.calls(approval.id)
    if (call === undefined) throw new Error('nothing was told')
    for (const known of [hook.secret, secret]) expect(verified(known, call).data.id).toBe(approval.id)
    await hook.remove()
  })

  it('by the topic approvals of the broker', async () => {
    const { id } = await beginIn(storeId)
    await eventually(async () => (await readTopic('approvals')).includes(id))
    await post(`/approvals/${id}/reject`, { reason: 'not now' })
    const told = async () => (await readTopic('approvals')).split('\r\n').filter((line) => line.includes(id))
    await eventually(async () => (await told()).length === 2)
    expect(await told()).toEqual([expect.stringContaining('approval.decided'), expect.stringContaining('approval.requested')])
  })

  it('by a letter, whose link decides only by its form', async () => {
    const ann = addressOf('ann')
    await makeKey({ name: ann, scopes: ['approve'] })
    const { id, sessionId } = await beginIn(storeId, { assignees: [ann] })
    const [link] = /http:\/\/\S+\/page\?token=\S+/.exec((await letterTo(ann)).text) ?? []
    if (link === undefined) throw new Error('the letter has no link')
    const page = await fetch(link)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Searching costs money.')])
    expect(await (await request(`/approvals/${id}`)).json()).toMatchObject({ status: 'pending' })
    const { origin, pathname, searchParams } = new URL(link)
    const form = new URLSearchParams({ token: searchParams.get('token') ?? '', decision: 'approve' })
    const decided = await fetch(`${origin}${pathname}`, { method: 'POST', body: form, headers: { origin } })
    expect([decided.status, await decided.text()]).toEqual([200, expect.stringContaining(`approve by ${ann}`)])
    expect(await answerOf(sessionId)).toMatchObject({ status: 'completed', text: expect.stringContaining('1790') })
  })
})

it('nobody approves by a letter to himself: it goes to those alone whose key may approve', async () => {
  const [eve, ann] = [addressOf('eve'), addressOf('ann')]
  await makeKey({ name: eve, scopes: ['chat'] })
  await makeKey({ name: ann, scopes: ['approve'] })
  await beginIn(storeId, { assignees: [eve, ann] })
  await letterTo(ann)
  expect(mail.letters.filter(({ to }) => to.includes(eve))).toEqual([])
})

describe('the stream of approvals', () => {
  it('shows an approver what is asked and decided, nothing of others, and goes on where it was cut', async () => {
    const ben = await makeKey({ scopes: ['approve'] })
    const readUntil = await openStream(ben.name)
    const own = await beginIn(storeId, { assignees: [ben.name] })
    const foreign = await beginIn(storeId, { assignees: ['role:nobody'] })
    expect((await post(`/approvals/${own.id}/approve`, {}, ben.key)).status).toBe(200)
    const isDecided = ({ type, approval }: Event) => type === 'approval.decided' && approval.id === own.id
    const events = await readUntil(isDecided)
    const mine = events.filter(({ approval }) => approval.id === own.id)
    expect(mine.map(({ type }) => type)).toEqual(['approval.requested', 'approval.decided'])
    expect(events.map(({ approval }) => approval.id)).not.toContain(foreign.id)
    const again = await (await openStream(ben.name, { 'last-event-id': mine[0]?.id ?? '' }))(isDecided)
    expect(again.map(({ type }) => type)).toEqual(['approval.decided'])
  })
})
