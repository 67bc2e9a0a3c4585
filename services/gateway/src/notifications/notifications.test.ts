import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import { sql, storableJson } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { SMTPServer } from 'smtp-server'
import { Webhook } from 'standardwebhooks'
import { newWebhookSecret } from '../core/webhook-signature.ts'
import { approvalOf } from '../testing/approvals.ts'
import { deliverNotification } from './deliver-notification.ts'
import type { Notification } from './notification-store.ts'
import { startNotificationWorker } from './notification-worker.ts'
import { createPostgresNotifications } from './postgres-notifications.ts'
import { createPostgresWebhooks } from './postgres-webhooks.ts'
import { createMailSender } from './send-mail.ts'

let test: TestDatabase
let receiver: Server
let url: string
let mailServer: SMTPServer
let smtpUrl: string
/** What the receiver got, and how it answers. */
let calls: { headers: Record<string, string>; body: string }[]
let answers: number[]
let letters: { to: string[]; data: string }[]
let published: unknown[]

beforeAll(async () => {
  test = await startTestDatabase()
  receiver = createServer(async (request, response) => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    calls.push({ headers, body: await text(request) })
    response.writeHead(answers.shift() ?? 200).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const address = receiver.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`
  mailServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onRcptTo({ address }, _session, done) {
      const responseCode = { 'nobody@example.com': 550, 'full@example.com': 452 }[address]
      done(responseCode === undefined ? null : Object.assign(new Error('not taken'), { responseCode }))
    },
    async onData(stream, session, done) {
      letters.push({ to: session.envelope.rcptTo.map(({ address: to }) => to), data: await text(stream) })
      done()
    },
  })
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve))
  const mailAddress = mailServer.server.address()
  smtpUrl = `smtp://127.0.0.1:${typeof mailAddress === 'object' ? mailAddress?.port : 0}`
})
afterAll(async () => {
  receiver.close()
  await new Promise<void>((resolve) => mailServer.close(resolve))
  await test.stop()
})
beforeEach(async () => {
  calls = []
  answers = []
  letters = []
  published = []
  await sql`delete from notifications`.execute(test.database.db)
  await sql`delete from webhooks`.execute(test.database.db)
})

async function queue(channel: string, target: string, count = 1): Promise<void> {
  const data = approvalOf({ action: 'transfer\r\nBcc: eve@example.com' })
  const payload = { type: 'approval.requested', timestamp: new Date(0).toISOString(), data }
  await sql`
    insert into notifications (tenant, channel, target, approval_id, seq, payload)
    select 'acme', ${channel}, ${target}, ${data.id}, seq, ${storableJson(payload)}::jsonb from generate_series(1, ${count}::int) seq
  `.execute(test.database.db)
}

async function stateOf(): Promise<unknown> {
  const { rows } = await sql`
    select attempts, delivered_at is not null as is_delivered, last_error, due_at = 'infinity' as is_given_up from notifications
  `.execute(test.database.db)
  return rows[0]
}

const scopes = ['approve' as const]
const approver = { keyId: 'key_ann', tenant: 'acme', name: 'ann@example.com', scopes, roles: [], expiresAtMs: undefined }

function deliver(notification: Notification): Promise<void> {
  const deps = {
    webhooks: createPostgresWebhooks(test.database),
    sidecar: { publish: async (topic: string, data: unknown) => void published.push([topic, data]) },
    keys: { findApprover: async ({ name }: { name: string }) => (name.startsWith('stranger') ? undefined : approver) },
    sendMail: createMailSender({ url: smtpUrl, from: 'weft@example.com' }),
    links: { key: 'the key of the pages', publicUrl: 'https://weft.example' },
    base: '',
    outbound: { privateHosts: new Set(['127.0.0.1']), timeoutMs: 20_000 },
    nowMs: Date.now,
  }
  return deliverNotification(deps, notification)
}

/** Several copies of the gateway look for what is due, until it is settled. */
async function work(until: () => Promise<boolean>, copies = 1): Promise<void> {
  const store = createPostgresNotifications(test.database)
  const logger = { warn: () => undefined }
  const workers = Array.from({ length: copies }, () =>
    startNotificationWorker({ store, deliver, logger, pollMs: 5, random: () => 0 }),
  )
  await eventually(until)
  await Promise.all(workers.map((worker) => worker.stop()))
}

async function eventually(until: () => Promise<boolean>): Promise<void> {
  while (!(await until())) await new Promise((resolve) => setTimeout(resolve, 10))
}

const isSettled = async () => {
  const { rows } = await sql`select 1 from notifications where delivered_at is null and due_at < 'infinity'`.execute(
    test.database.db,
  )
  return rows.length === 0
}

async function addWebhook(): Promise<string> {
  const secret = newWebhookSecret()
  await createPostgresWebhooks(test.database).insert({ id: 'wh_1', tenant: 'acme', url, secret })
  return secret
}

it('calls a webhook once, however many look for what is due, with a signature the published verifier accepts', async () => {
  const secret = await addWebhook()
  await queue('webhook', 'wh_1')
  await work(isSettled, 4)
  expect(calls).toHaveLength(1)
  const [call] = calls
  expect(new Webhook(secret).verify(call?.body ?? '', call?.headers ?? {})).toMatchObject({
    type: 'approval.requested',
    data: { object: 'approval' },
  })
})

it('tries again what was not taken, later each time, under the same id', async () => {
  await addWebhook()
  await queue('webhook', 'wh_1')
  answers = [500]
  await work(async () => calls.length === 1 && JSON.stringify(await stateOf()).includes('answered 500'))
  expect(await stateOf()).toMatchObject({
    attempts: 1,
    is_delivered: false,
    last_error: 'the webhook answered 500',
    is_given_up: false,
  })
  await sql`update notifications set due_at = now()`.execute(test.database.db)
  await work(isSettled)
  expect(await stateOf()).toMatchObject({ attempts: 2, is_delivered: true, last_error: null })
  expect(calls[1]?.headers['webhook-id']).toBe(calls[0]?.headers['webhook-id'])
})

it('gives up on a webhook that answers 410, that is gone, or that may not be called', async () => {
  await addWebhook()
  await queue('webhook', 'wh_1')
  answers = [410]
  await work(isSettled)
  expect(await stateOf()).toMatchObject({ is_given_up: true, is_delivered: false })
  await sql`delete from notifications`.execute(test.database.db)
  await queue('webhook', 'wh_gone')
  await work(isSettled)
  expect(await stateOf()).toMatchObject({ is_given_up: true, last_error: 'the webhook was removed' })
  await sql`update webhooks set url = 'https://169.254.169.254/'`.execute(test.database.db)
  await sql`delete from notifications`.execute(test.database.db)
  await queue('webhook', 'wh_1')
  await work(isSettled)
  expect(await stateOf()).toMatchObject({ is_given_up: true, last_error: expect.stringContaining('private address') })
})

it('signs with the secret before as well, for a day after it was replaced', async () => {
  const old = await addWebhook()
  const fresh = newWebhookSecret()
  await createPostgresWebhooks(test.database).rotate({ tenant: 'acme', id: 'wh_1', secret: fresh })
  const { target } = createPostgresWebhooks(test.database)
  expect((await target({ tenant: 'acme', id: 'wh_1' }))?.secrets).toEqual([fresh, old])
  const fresher = newWebhookSecret()
  await createPostgresWebhooks(test.database).rotate({ tenant: 'acme', id: 'wh_1', secret: fresher })
  expect((await target({ tenant: 'acme', id: 'wh_1' }))?.secrets).toEqual([fresher, fresh, old])
  await sql`update webhooks set rotated_at = now() - interval '25 hours'`.execute(test.database.db)
  expect((await target({ tenant: 'acme', id: 'wh_1' }))?.secrets).toEqual([fresher])
  await createPostgresWebhooks(test.database).rotate({ tenant: 'acme', id: 'wh_1', secret: 'next' })
  expect((await target({ tenant: 'acme', id: 'wh_1' }))?.secrets).toEqual(['next', fresher])
  for (let n = 0; n < 9; n += 1)
    await createPostgresWebhooks(test.database).rotate({ tenant: 'acme', id: 'wh_1', secret: `s${n}` })
  expect((await target({ tenant: 'acme', id: 'wh_1' }))?.secrets).toEqual(['s8', 's7', 's6', 's5', 's4'])
})

it('writes to an approver whose link opens a page, and to nobody an agent might slip in', async () => {
  await queue('email', 'ann@example.com')
  await work(isSettled)
  expect(letters).toHaveLength(1)
  expect(letters[0]?.to).toEqual(['ann@example.com'])
  // Quoted-printable breaks long lines softly.
  const letter = letters[0]?.data.replace(/=\r\n/g, '').replace(/=3D/g, '=') ?? ''
  expect(letter).toMatch(/https:\/\/weft\.example\/approvals\/[^ ]+\/page\?token=/)
  expect(letter).not.toMatch(/^Bcc:/m)
})

it('writes to nobody who has no key to approve with: the link would give him one', async () => {
  await queue('email', 'stranger@example.com')
  await work(isSettled)
  expect(letters).toEqual([])
  expect(await stateOf()).toMatchObject({ is_given_up: true, last_error: expect.stringContaining('stranger@example.com') })
})

it('publishes on the topic of the mesh, naming the tenant', async () => {
  await queue('pubsub', 'approvals')
  await work(isSettled)
  expect(published).toMatchObject([['approvals', { tenant: 'acme', type: 'approval.requested' }]])
})

it('gives up a letter to an address that the mail server does not know, and tries again one whose box is full', async () => {
  await queue('email', 'nobody@example.com')
  await work(isSettled)
  expect(await stateOf()).toMatchObject({ attempts: 1, is_given_up: true, last_error: expect.stringContaining('not taken') })
  await sql`delete from notifications`.execute(test.database.db)
  await queue('email', 'full@example.com')
  await work(async () => JSON.stringify(await stateOf()).includes('not taken'))
  expect(await stateOf()).toMatchObject({ is_given_up: false, is_delivered: false })
})

it('keeps nobody waiting for a receiver that is slow, however much it has to be told', async () => {
  const held: (() => void)[] = []
  let isReleased = false
  const ended: string[] = []
  const worker = startNotificationWorker({
    store: createPostgresNotifications(test.database),
    logger: { warn: () => undefined },
    pollMs: 5,
    async deliver({ target }) {
      if (target === 'slow' && !isReleased) await new Promise<void>((resolve) => held.push(resolve))
      ended.push(target)
    },
  })
  await queue('pubsub', 'slow', 100)
  await eventually(async () => held.length > 0)
  await queue('pubsub', 'quick')
  await eventually(async () => ended.length === 1)
  expect(ended).toEqual(['quick'])
  isReleased = true
  for (const release of held) release()
  await eventually(async () => ended.length === 101)
  await worker.stop()
  expect(ended).toHaveLength(101)
})

it('takes a delivery that never ends for failed, and waits for none when it stops', async () => {
  const start = (deliveryMs: number) =>
    startNotificationWorker({
      store: createPostgresNotifications(test.database),
      logger: { warn: () => undefined },
      pollMs: 5,
      deliveryMs,
      deliver: () => new Promise(() => undefined),
    })
  await queue('pubsub', 'silent')
  const brief = start(50)
  await eventually(async () => JSON.stringify(await stateOf()).includes('did not answer within 50 ms'))
  expect(await stateOf()).toMatchObject({ attempts: 1, is_delivered: false, is_given_up: false })
  await brief.stop()
  await sql`update notifications set due_at = now()`.execute(test.database.db)
  const patient = start(3_600_000)
  await eventually(async () => JSON.stringify(await stateOf()).includes('"attempts":2'))
  await patient.stop()
})

it('tries what is new before what has failed', async () => {
  await queue('pubsub', 'failed')
  await sql`update notifications set attempts = 3, due_at = now() - interval '1 hour'`.execute(test.database.db)
  await queue('pubsub', 'new')
  const taken = await createPostgresNotifications(test.database).take({
    limit: 1,
    leaseMs: 1_000,
    attemptsMax: 14,
    busyTargets: [],
  })
  expect(taken).toMatchObject([{ target: 'new', attempts: 1 }])
})

it('forgets after a while what is settled, and nothing that is still to be delivered', async () => {
  for (const target of ['delivered', 'given up', 'used up', 'waiting', 'fresh']) await queue('pubsub', target)
  await sql`update notifications set created_at = now() - interval '8 days' where target <> 'fresh'`.execute(test.database.db)
  await sql`update notifications set delivered_at = now() where target in ('delivered', 'fresh')`.execute(test.database.db)
  await sql`update notifications set due_at = 'infinity' where target = 'given up'`.execute(test.database.db)
  await sql`update notifications set attempts = 14, due_at = now() where target = 'used up'`.execute(test.database.db)
  await createPostgresNotifications(test.database).forget({ keptMs: 604_800_000, attemptsMax: 14 })
  const { rows } = await sql`select target from notifications order by id`.execute(test.database.db)
  expect(rows).toEqual([{ target: 'waiting' }, { target: 'fresh' }])
})
