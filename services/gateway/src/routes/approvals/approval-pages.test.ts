import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ApprovalView, WeftError } from '@weft/contracts'
import { signPageToken } from '../../core/page-token.ts'
import { approvalOf, createMemoryPageTokens } from '../../testing/approvals.ts'
import { startGateway, type TestGateway } from '../../testing/start-gateway.ts'
import { plan, viewOf } from '../../testing/turns.ts'

const id = 'appr_sess_1.1'
let gateway: TestGateway
let approval: ApprovalView
let key: string
let url: string

beforeEach(async () => {
  gateway = await startGateway()
  approval = approvalOf()
  gateway.session.onView = () => viewOf({ status: 'awaiting_approval', plan, approvals: [approval] })
  gateway.session.onDecide = () => ({ approval: approvalOf({ status: 'approved' }), isRepeat: false })
  key = await gateway.makeKey({ name: 'ann', scopes: ['approve'], roles: ['board'] })
  url = await makeLink()
})
afterEach(() => gateway.stop())

async function makeLink(): Promise<string> {
  const made = (await (await gateway.request(`/approvals/${id}/link`, { method: 'POST', key })).json()) as { url: string }
  return made.url
}

/** What a browser sends: no key. */
function submit(link: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  const { pathname, searchParams } = new URL(link)
  const body = new URLSearchParams({ token: searchParams.get('token') ?? '', ...fields })
  return fetch(`${gateway.url}${pathname}`, { method: 'POST', body, headers })
}

describe('the page of an approval', () => {
  it('shows what is asked without a key, and decides nothing however often it is read', async () => {
    for (const method of ['GET', 'HEAD', 'GET']) expect((await fetch(url, { method })).status).toBe(200)
    const page = await (await fetch(url)).text()
    for (const shown of ['mailer wants to', 'ann@example.com', 'It leaves the house.', 'You decide as <strong>ann</strong>'])
      expect(page).toContain(shown)
    expect(gateway.session.decided).toEqual([])
  })

  it('runs nothing, loads nothing, is framed by nobody, and keeps its address to itself', async () => {
    const { headers } = await fetch(url)
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    )
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  it('shows whatever is asked as text, hidden characters too', async () => {
    approval = approvalOf({
      reason: '<script>alert(1)</script>',
      args: { to: '"><img src=x>\u202egnp.exe' },
      action: "a' onload='x",
    })
    const page = await (await fetch(url)).text()
    expect(page).not.toMatch(/<script|<img|onload='x/)
    expect(page).toContain('&lt;script&gt;')
    expect(page).toContain('[U+202E]gnp.exe')
  })
})

describe('its forms', () => {
  it('decide once, as whom the link was made for, about what it showed', async () => {
    const first = await submit(url, { decision: 'approve', comment: 'fine' })
    expect(first.status).toBe(200)
    expect(await first.text()).toContain('approve by ann')
    expect(gateway.session.decided).toEqual([
      {
        approvalId: id,
        action: 'approve',
        hash: 'a'.repeat(64),
        comment: 'fine',
        by: { id: 'ann', roles: ['board'], isAdmin: false },
      },
    ])
    const again = await submit(url, { decision: 'reject', comment: 'no' })
    expect([again.status, await again.text()]).toEqual([410, expect.stringContaining('this link was used already')])
    expect(gateway.session.decided).toHaveLength(1)
  })

  it('say why when they reject', async () => {
    expect((await submit(url, { decision: 'reject', comment: ' ' })).status).toBe(400)
    expect((await submit(url, { decision: 'reject', comment: 'too dear' })).status).toBe(200)
    expect(gateway.session.decided).toMatchObject([{ action: 'reject', comment: 'too dear' }])
  })

  it('can be sent again when the mesh was away', async () => {
    const onDecide = gateway.session.onDecide
    gateway.session.onDecide = () => {
      throw new WeftError('timeout', 'restarting')
    }
    expect((await submit(url, { decision: 'approve' })).status).toBe(504)
    gateway.session.onDecide = onDecide
    expect((await submit(url, { decision: 'approve' })).status).toBe(200)
  })

  it('are not taken from pages of other sites', async () => {
    expect((await submit(url, { decision: 'approve' }, { origin: 'https://evil.example' })).status).toBe(403)
    expect(gateway.session.decided).toEqual([])
  })

  it('are not there when there is nothing to decide, or something else than was shown', async () => {
    for (const now of [
      approvalOf({ status: 'rejected', decision: { status: 'rejected', by: 'bob', at: 'x' } }),
      approvalOf({ hash: 'b'.repeat(64) }),
      approvalOf({ votes: [{ by: 'ann', decision: 'approve', at: 'x' }], quorum: 2 }),
    ]) {
      approval = now
      expect(await (await fetch(url)).text()).not.toContain('<form')
    }
  })
})

describe('a link', () => {
  const grant = {
    tenant: 'default',
    approvalId: id,
    hash: 'a'.repeat(64),
    by: { id: 'ann', roles: [], isAdmin: true },
    nonce: 'n',
  }
  const at = (token: string) => `${gateway.url}/approvals/${id}/page?token=${token}`

  it('that was not signed here, or was changed, opens nothing', async () => {
    const forged = signPageToken({ ...grant, expiresAtMs: Date.now() + 1_000 }, 'another key')
    const [payload = '', signature = ''] = (new URL(url).searchParams.get('token') ?? '').split('.')
    const changed = Buffer.from(
      Buffer.from(payload, 'base64url').toString('utf8').replace('"isAdmin":false', '"isAdmin":true'),
    ).toString('base64url')
    for (const token of [
      forged,
      `${changed}.${signature}`,
      payload,
      '',
      'x.y.z',
      `${payload}.`,
      `${payload}.%C3%A9${'a'.repeat(42)}`,
    ]) {
      expect((await fetch(at(token))).status).toBe(404)
      expect((await submit(at(token), { decision: 'approve' })).status).toBe(404)
    }
    expect((await fetch(`${gateway.url}/approvals/${id}/page`)).status).toBe(400)
    expect(gateway.session.decided).toEqual([])
  })

  it('opens no other approval, and nothing after its time', async () => {
    const other = url.replace(id, 'appr_sess_1.2')
    expect((await fetch(other)).status).toBe(404)
    const late = at(signPageToken({ ...grant, expiresAtMs: Date.now() - 1 }, 'the key of the pages'))
    expect((await fetch(late)).status).toBe(410)
    expect((await submit(late, { decision: 'approve' })).status).toBe(410)
  })

  it('ends with the key it was made with', async () => {
    const { data } = (await (await gateway.request('/v1/keys')).json()) as { data: { id: string; name: string }[] }
    await gateway.request(`/v1/keys/${data.find(({ name }) => name === 'ann')?.id}`, { method: 'DELETE' })
    expect((await fetch(url)).status).toBe(401)
    expect((await submit(url, { decision: 'approve' })).status).toBe(401)
    expect(gateway.session.decided).toEqual([])
  })

  it('leads to where people reach the gateway, when that is somewhere else', async () => {
    const pages = { key: 'k', publicUrl: 'https://weft.example', tokens: createMemoryPageTokens() }
    const behindProxy = await startGateway({ pages })
    behindProxy.session.onView = () => viewOf({ status: 'awaiting_approval', plan, approvals: [approval] })
    const made = await behindProxy.request(`/approvals/${id}/link`, { method: 'POST' })
    await behindProxy.stop()
    expect(await made.json()).toMatchObject({
      url: expect.stringMatching(/^https:\/\/weft\.example\/approvals\/appr_sess_1\.1\/page\?token=/),
    })
  })

  it('does not outlive the deadline, and is not made for what is decided', async () => {
    approval = approvalOf({ deadline: new Date(Date.now() + 60_000).toISOString() })
    const made = await gateway.request(`/approvals/${id}/link`, { method: 'POST', key })
    expect(await made.json()).toMatchObject({ expiresAt: approval.deadline })
    approval = approvalOf({ status: 'approved' })
    expect((await gateway.request(`/approvals/${id}/link`, { method: 'POST', key })).status).toBe(410)
  })
})
