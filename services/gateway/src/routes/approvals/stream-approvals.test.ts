import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { approvalOf } from '../../testing/approvals.ts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'

let gateway: TestGateway
beforeEach(async () => {
  gateway = await startGateway()
})
afterEach(() => gateway.stop())

it('shows an approver what is pending, and ends with the reason when the key is revoked', async () => {
  gateway.approvals.kept = [approvalOf({ assignees: ['ben'] })]
  const scopes = ['approve']
  const body = JSON.stringify({ name: 'ben', scopes })
  const made = await gateway.request('/v1/keys', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { id, key } = (await made.json()) as { id: string; key: string }
  const response = await gateway.request('/approvals/stream?assignee=me', { key })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const text = response.text()
  await gateway.request(`/v1/keys/${id}`, { method: 'DELETE' })
  expect(await text).toMatch(/^id: 0\ndata: \{"type":"approval\.pending","approval":\{"id":"appr_sess_1\.1"/)
  expect(await text).toMatch(/"code":"invalid_api_key"\}\}\n\n$/)
})

it('goes on after the entry that Last-Event-ID names, and refuses what is no entry', async () => {
  gateway.approvals.kept = [approvalOf()]
  const controller = new AbortController()
  const headers = { 'last-event-id': '41' }
  await gateway.request('/approvals/stream?after=7', { headers, signal: controller.signal })
  expect(gateway.approvals.asked).toContainEqual(expect.objectContaining({ tenant: 'default', after: 41 }))
  controller.abort()
  const refused = await gateway.request('/approvals/stream', { headers: { 'last-event-id': 'x' } })
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'Last-Event-ID' } }])
})

it('is for keys that may approve', async () => {
  const key = await gateway.makeKey({ scopes: ['chat'] })
  expect((await gateway.request('/approvals/stream', { key })).status).toBe(403)
})
