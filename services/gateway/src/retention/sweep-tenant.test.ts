import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { findAuditBreak, findBreak, WeftError } from '@weft/contracts'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { verifyChain } from '../audit/verify-chain.ts'
import { createPostgresFeedback } from '../sessions/postgres-feedback.ts'
import { createArchiveFolder } from './archive-folder.ts'
import type { SweepDeps } from './sweep-batch.ts'
import { oldThings } from './testing/old-things.ts'

let test: TestDatabase
let things: ReturnType<typeof oldThings>
beforeAll(async () => {
  test = await startTestDatabase()
  things = oldThings(test.database)
})
afterAll(async () => {
  things.stop()
  await test.stop()
})

const inAWeek = { sessions: 7 }

describe('sessions older than they are kept', () => {
  it('go into the archive with all that is known of them, and are deleted; younger and unfinished ones stay, and other tenants’', async () => {
    await things.session('acme', 'old')
    await things.session('acme', 'young', { daysOld: 6.9 })
    for (const status of ['running', 'awaiting_approval', 'hibernating']) await things.session('acme', status, { status })
    await things.session('other', 'old')
    await things.call('acme', 'call_1', { sessionId: 'old' })
    await things.history('acme', [{ sessionId: 'old', daysOld: 10 }])
    await sql`
      update session_events set data = data || '{"approval":{}}' where tenant = 'acme' and session_id = 'old' and seq = 2
    `.execute(test.database.db)
    await sql`
      insert into feedback (tenant, session_id, turn, given_by, rating, answer) values ('acme', 'old', 1, 'ann', 'up', '{}')
    `.execute(test.database.db)
    expect(await things.deps.store.due('acme', { sessions: 7, calls: undefined, audit: undefined })).toMatchObject({
      ...{ sessions: { count: 1, oldest: expect.stringMatching(/Z$/) }, calls: { count: 0, oldest: undefined } },
    })
    expect(await things.sweep('acme', inAWeek)).toEqual({
      ...{ removed: { sessions: 1, calls: 0, audit: 0, approvals: 0 }, isMoreDue: false, problem: undefined },
    })
    expect(await things.sessionsLeft('acme')).toEqual(['awaiting_approval', 'hibernating', 'running', 'young'])
    expect(await things.sessionsLeft('other')).toEqual(['old'])
    expect(things.archived('acme', 'sessions')).toEqual([
      expect.objectContaining({
        ...{ schema: 'weft.session', version: 1, sessionId: 'old', tenant: 'acme', title: 'a question', status: 'completed' },
        turns: [expect.objectContaining({ turn: 1, status: 'completed' })],
        messages: [expect.objectContaining({ role: 'user' }), expect.objectContaining({ content: 'an answer' })],
        events: [expect.objectContaining({ seq: 1, type: 'turn.accepted' }), expect.objectContaining({ seq: 2 })],
        approvals: [],
        approvalHistory: [expect.objectContaining({ position: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) })],
        calls: [expect.objectContaining({ id: 'call_1', costUsd: 0.25 })],
        feedback: [expect.objectContaining({ givenBy: 'ann', rating: 'up' })],
      }),
    ])
    const { data } = await things.deps.audit.list({ tenant: 'acme', limit: 10, after: undefined })
    expect(data).toMatchObject([
      { action: 'sessions.archived', target: expect.stringMatching(/^acme\/sessions-/), by: { name: 'retention' } },
    ])
  })

  it('go with those they opened, once these have ended too', async () => {
    await things.session('family', 'root')
    await things.session('family', 'child', { root: 'root' })
    await things.session('family', 'waiting-root')
    await things.session('family', 'waits', { root: 'waiting-root', status: 'awaiting_approval' })
    await things.session('family', 'orphan', { root: 'gone' })
    expect((await things.sweep('family', inAWeek)).removed.sessions).toBe(3)
    expect(await things.sessionsLeft('family')).toEqual(['waiting-root', 'waits'])
    expect(things.archived('family', 'sessions')).toContainEqual(
      expect.objectContaining({ sessionId: 'child', rootSessionId: 'root' }),
    )
  })

  it('stay when they have gone on since they were read, and are archived again once that is old', async () => {
    await things.session('gone-on', 's')
    const goOn = async () => {
      await sql`update sessions set last_seq = 3 where tenant = 'gone-on'`.execute(test.database.db)
      return false
    }
    expect((await things.sweep('gone-on', inAWeek, { sessions: { expire: goOn } })).removed.sessions).toBe(0)
    expect(await things.sessionsLeft('gone-on')).toEqual(['s'])
    expect((await things.sweep('gone-on', inAWeek)).removed.sessions).toBe(1)
    expect(things.archived('gone-on', 'sessions')).toMatchObject([{ lastSeq: 2 }, { lastSeq: 3 }])
  })

  it('are in the archive once, however often they could not be deleted; a process that dies after it has them there twice at most', async () => {
    await things.session('stuck', 's')
    const fails = { sessions: { expire: async () => Promise.reject(new Error('no host has it')) } }
    for (let time = 0; time < 3; time++)
      expect(await things.sweep('stuck', inAWeek, fails)).toMatchObject({ removed: { sessions: 0 }, problem: 'no host has it' })
    expect(things.archived('stuck', 'sessions')).toHaveLength(1)
    await things.session('died', 's')
    const { store } = things.deps
    const dies = { store: { ...store, noteArchived: async () => Promise.reject(new Error('killed')) } }
    await expect(things.sweep('died', inAWeek, dies)).rejects.toThrow('killed')
    expect((await things.sweep('died', inAWeek)).removed.sessions).toBe(1)
    expect(things.archived('died', 'sessions')).toMatchObject([{ sessionId: 's' }, { sessionId: 's' }])
  })

  it('are archived again when somebody judges their answer before they are deleted', async () => {
    await things.session('judged', 's')
    const fails = { sessions: { expire: async () => Promise.reject(new Error('no host has it')) } }
    await things.sweep('judged', inAWeek, fails)
    await createPostgresFeedback(test.database).save({ tenant: 'judged', sessionId: 's' }, 'ann', { turn: 1, rating: 'up' })
    expect((await things.sweep('judged', inAWeek)).removed.sessions).toBe(1)
    expect(things.archived('judged', 'sessions')).toMatchObject([{ feedback: [] }, { feedback: [{ givenBy: 'ann' }] }])
  })

  it('that somebody deletes meanwhile are no problem', async () => {
    for (const id of ['a', 'b']) await things.session('meanwhile', id)
    const remove = (id: string) => sql`delete from sessions where tenant = 'meanwhile' and id = ${id}`.execute(test.database.db)
    const { log } = things.deps.parts
    const find: typeof log.find = async (session) => {
      await remove('a')
      return log.find(session)
    }
    const parts = { ...things.deps.parts, log: { ...log, find } }
    const expire = async () => {
      await remove('b')
      throw new WeftError('not_found', 'no such session')
    }
    expect(await things.sweep('meanwhile', inAWeek, { parts, sessions: { expire } })).toMatchObject({
      ...{ removed: { sessions: 0 }, problem: undefined },
    })
    expect(things.archived('meanwhile', 'sessions')).toMatchObject([{ sessionId: 'b' }])
  })

  it('all go, whatever stands in the way of some', async () => {
    for (let n = 0; n < 120; n++) await things.session('many', `s${String(n).padStart(3, '0')}`, { daysOld: 200 - n })
    await sql`update session_events set data = '[]' where tenant = 'many' and session_id = 's007'`.execute(test.database.db)
    expect(await things.sweep('many', inAWeek)).toMatchObject({
      ...{ removed: { sessions: 119 }, isMoreDue: false, problem: expect.stringContaining('event row') },
    })
    expect(await things.sessionsLeft('many')).toEqual(['s007'])
    expect(new Set(things.archived('many', 'sessions').map(({ sessionId }) => sessionId)).size).toBe(119)
  })
})

describe('an archive that cannot be written', () => {
  it('has nothing removed', async () => {
    await things.session('full', 's')
    await things.call('full', 'call_full', { daysOld: 500 })
    writeFileSync(join(things.folder, 'no-folder'), '')
    const archive = createArchiveFolder({ folder: join(things.folder, 'no-folder'), nowMs: Date.now })
    for (const limits of [inAWeek, { calls: 400 }])
      await expect(things.sweep('full', limits, { archive })).rejects.toMatchObject({ code: 'dependency_unavailable' })
    expect(await things.sessionsLeft('full')).toEqual(['s'])
    expect((await things.sweep('full', { sessions: 7, calls: 400 })).removed).toMatchObject({ sessions: 1, calls: 1 })
  })
})

describe('several at once', () => {
  it('sweep a tenant one after another', async () => {
    await things.session('shared', 's')
    let second: Promise<unknown> = Promise.resolve()
    const expire = async (...session: Parameters<typeof things.deps.sessions.expire>) => {
      second = things.sweep('shared', inAWeek).catch((refusal: unknown) => refusal)
      expect(await second).toMatchObject({ code: 'conflict' })
      return things.deps.sessions.expire(...session)
    }
    expect((await things.sweep('shared', inAWeek, { sessions: { expire } })).removed.sessions).toBe(1)
    expect((await things.sweep('shared', inAWeek)).removed.sessions).toBe(0)
  })

  it('delete nothing once another has taken over', async () => {
    await things.session('taken', 's')
    const { archive, store } = things.deps
    const slow: SweepDeps['archive'] = {
      async append(options) {
        const appended = await archive.append(options)
        await sql`update retention_leases set holder = 'other' where tenant = 'taken'`.execute(test.database.db)
        return appended
      },
    }
    await expect(things.sweep('taken', inAWeek, { archive: slow })).rejects.toMatchObject({ code: 'conflict' })
    expect(await things.sessionsLeft('taken')).toEqual(['s'])
    await store.releaseLease('taken', 'other')
  })

  it('leave the rest to whoever took over while one was slow', async () => {
    const { db } = test.database
    await things.session('slow', 's')
    await things.call('slow', 'call_slow', { daysOld: 500 })
    const expire = async (...session: Parameters<typeof things.deps.sessions.expire>) => {
      await sql`update retention_leases set holder = 'another' where tenant = 'slow'`.execute(db)
      return things.deps.sessions.expire(...session)
    }
    const swept = things.sweep('slow', { sessions: 7, calls: 400 }, { sessions: { expire } })
    await expect(swept).rejects.toMatchObject({ code: 'conflict' })
    expect(readdirSync(join(things.folder, 'slow')).filter((name) => name.startsWith('calls'))).toEqual([])
  })

  it('keep their lease while a long session is written', async () => {
    await things.session('long', 's')
    let aheadMs = 0
    let held = 0
    const { store, parts } = things.deps
    const { log } = parts
    const slow: typeof log.messages = (...asked) => {
      aheadMs += 20_000
      return log.messages(...asked)
    }
    const holdLease: typeof store.holdLease = async (...lease) => store.holdLease(...lease).finally(() => (held += 1))
    const sweep = async (messages: typeof log.messages) => {
      held = 0
      await things.sweep('long', inAWeek, {
        ...{ store: { ...store, holdLease }, parts: { ...parts, log: { ...log, messages } } },
        nowMs: () => Date.now() + aheadMs,
      })
      return held
    }
    const slowly = await sweep(slow)
    await things.session('long', 't')
    expect(slowly).toBeGreaterThan(await sweep(log.messages))
  })
})

describe('calls older than they are kept', () => {
  it('leave the ledger, but none of the month that runs; what budgets have spent stays', async () => {
    const { db } = test.database
    await sql`
      insert into budgets (id, tenant, scope, period, limit_nano, on_breach) values ('bud_total', 'ledger', 'tenant', 'total', 1000000000, 'reject')
    `.execute(db)
    for (const [id, daysOld] of [
      ['call_a', 100],
      ['call_b', 90],
      ['call_now', 0],
    ] as const)
      await things.call('ledger', id, { daysOld })
    const spent = () => sql`select spent_nano::text from budget_accounts where budget_id = 'bud_total'`.execute(db)
    const before = (await spent()).rows
    expect((await things.sweep('ledger', { calls: 0.000_001 })).removed.calls).toBe(2)
    expect((await spent()).rows).toEqual(before)
    expect(before).toEqual([{ spent_nano: '750000000' }])
    const { rows } = await sql`select id from model_calls where tenant = 'ledger'`.execute(db)
    expect(rows).toEqual([{ id: 'call_now' }])
    expect(things.archived('ledger', 'calls')).toMatchObject([
      { schema: 'weft.call', id: 'call_a', costUsd: 0.25 },
      { schema: 'weft.call', id: 'call_b' },
    ])
    const { calls } = await things.deps.store.removedUntil('ledger')
    expect(Date.now() - Date.parse(String(calls))).toBeGreaterThan(89 * 86_400_000)
  })
})

describe('lines older than they are kept', () => {
  const verifyAudit = (tenant: string) =>
    verifyChain({
      page: (query) => things.deps.audit.list({ tenant, ...query }),
      anchor: () => things.deps.audit.anchor(tenant),
      findBreak: findAuditBreak,
    })

  it('leave the audit log, which is whole from there on and says so itself; the archive has the hash that it goes on from', async () => {
    const by = { keyId: 'key_ann', name: 'ann', tenant: 'lines' }
    for (let n = 1; n <= 4; n++) await things.deps.audit.note(by, { action: 'session.deleted', target: `sess_${n}` })
    const young = await things.sweep('lines', { audit: 1 })
    expect(young.removed.audit).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await things.sweep('lines', { audit: 0.000_000_1 })).removed.audit).toBe(3)
    const archived = things.archived('lines', 'audit')
    expect(archived).toMatchObject([{ position: 1 }, { position: 2 }, { position: 3, schema: 'weft.audit' }])
    expect(await verifyAudit('lines')).toMatchObject({
      ...{ isValid: true, entries: 2, startsAfter: { position: 3, hash: archived.at(-1)?.hash } },
    })
    const { data } = await things.deps.audit.list({ tenant: 'lines', limit: 10, after: undefined })
    expect(data).toMatchObject([
      { position: 4, target: 'sess_4' },
      { position: 5, action: 'audit.archived', details: { lines: 3, upTo: 3, hash: archived.at(-1)?.hash } },
    ])
  })

  it('leave the history of approvals, but for what a session that waits still needs', async () => {
    const told = ['ended', 'ended', 'waits', 'ended', 'ended'].map((sessionId) => ({ sessionId, daysOld: 10 }))
    await things.history('asked', told)
    await things.session('asked', 'waits', { status: 'awaiting_approval' })
    const verify = () =>
      verifyChain({
        page: (query) => things.deps.approvals.history({ tenant: 'asked', approvalId: undefined, ...query }),
        anchor: () => things.deps.approvals.historyAnchor('asked'),
        findBreak,
      })
    expect((await things.sweep('asked', { audit: 7 })).removed.approvals).toBe(2)
    expect(await verify()).toMatchObject({ isValid: true, entries: 3, startsAfter: { position: 2 } })
    await sql`update sessions set status = 'completed' where tenant = 'asked'`.execute(test.database.db)
    expect((await things.sweep('asked', { audit: 7 })).removed.approvals).toBe(2)
    expect(await verify()).toMatchObject({ isValid: true, entries: 1, startsAfter: { position: 4 } })
    expect(things.archived('asked', 'approval-history').map(({ position }) => position)).toEqual([1, 2, 3, 4])
  })
})

it('knows every tenant that has anything', async () => {
  expect(await things.deps.store.tenants()).toEqual(expect.arrayContaining(['acme', 'asked', 'ledger', 'lines', 'other']))
})
