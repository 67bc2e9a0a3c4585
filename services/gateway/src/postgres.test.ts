import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Citation } from '@weft/contracts'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createPostgresAudit } from './audit/postgres-audit.ts'
import { hashApiKey, newApiKey } from './core/api-key.ts'
import { storeAdminKey } from './keys/first-admin-key.ts'
import { createPostgresKeys } from './keys/postgres-keys.ts'
import { createPostgresFeedback } from './sessions/postgres-feedback.ts'
import { createPostgresLogReach } from './sessions/postgres-log-reach.ts'
import { createPostgresSessionLog } from './sessions/postgres-sessions.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

describe('keys in Postgres', () => {
  const newKey = (id: string, more: { tenant?: string; expiresAt?: string } = {}) => {
    const key = newApiKey()
    const record = {
      id,
      tenant: 'acme',
      name: id,
      keyHash: hashApiKey(key),
      preview: 'weft_…',
      scopes: ['chat' as const],
      roles: ['finance'],
      expiresAt: undefined,
      ...more,
    }
    return { hash: record.keyHash, record }
  }

  it('are found by their name where they may approve', async () => {
    const keys = createPostgresKeys(test.database)
    const find = (tenant: string) => keys.findApprover({ tenant, name: 'ann@example.com' })
    for (const [id, more] of [
      ['key_reader', { scopes: ['chat' as const] }],
      ['key_ann', { scopes: ['approve' as const] }],
      ['key_gone', { scopes: ['admin' as const], expiresAt: '2020-01-01T00:00:00Z' }],
    ] as const)
      await keys.insert({
        ...newKey(id, { tenant: 'letters' }).record,
        ...more,
        scopes: [...more.scopes],
        name: 'ann@example.com',
      })
    expect(await find('letters')).toMatchObject({ keyId: 'key_ann', scopes: ['approve'] })
    expect(await find('acme')).toBeUndefined()
    await keys.revoke({ tenant: 'letters', keyId: 'key_ann' })
    expect(await find('letters')).toBeUndefined()
  })

  it('are found by their hash until they expire or are revoked', async () => {
    const keys = createPostgresKeys(test.database)
    const good = newKey('key_good')
    const old = newKey('key_old', { expiresAt: '2020-01-01T00:00:00Z' })
    await keys.insert(good.record)
    await keys.insert(old.record)
    expect(await keys.find(good.hash)).toEqual({
      keyId: 'key_good',
      tenant: 'acme',
      name: 'key_good',
      scopes: ['chat'],
      roles: ['finance'],
      expiresAtMs: undefined,
    })
    expect(await keys.find(old.hash)).toBeUndefined()
    expect(await keys.findValid(['key_good', 'key_old'])).toEqual(new Set(['key_good']))
    expect(await keys.revoke({ tenant: 'other', keyId: 'key_good' })).toBeUndefined()
    expect(await keys.findValid(['key_good'])).toEqual(new Set(['key_good']))
    for (const tenant of ['acme', undefined]) expect(await keys.revoke({ tenant, keyId: 'key_good' })).toBe('acme')
    expect(await keys.find(good.hash)).toBeUndefined()
  })

  it('are paged per tenant', async () => {
    const keys = createPostgresKeys(test.database)
    for (const id of ['key_1', 'key_2', 'key_3']) await keys.insert(newKey(id, { tenant: 'pages' }).record)
    const first = await keys.list({ tenant: 'pages', limit: 2, after: undefined })
    expect([first.data.map(({ id }) => id), first.hasMore]).toEqual([['key_3', 'key_2'], true])
    const second = await keys.list({ tenant: 'pages', limit: 2, after: 'key_2' })
    expect([second.data.map(({ id }) => id), second.hasMore]).toEqual([['key_1'], false])
    await expect(keys.list({ tenant: 'pages', limit: 2, after: 'key_good' })).rejects.toMatchObject({ param: 'after' })
  })

  it('keep the first admin key as it was, however often the gateway starts', async () => {
    const keys = createPostgresKeys(test.database)
    const adminKey = newApiKey()
    const audit = createPostgresAudit(test.database)
    const options = { audit, adminKey, logger: { warn: () => undefined }, signal: new AbortController().signal }
    await storeAdminKey(options)
    const admin = await keys.find(hashApiKey(adminKey))
    expect(admin).toMatchObject({ tenant: 'default', scopes: ['chat', 'approve', 'admin'] })
    await keys.revoke({ tenant: 'default', keyId: admin?.keyId ?? '' })
    await storeAdminKey(options)
    expect(await keys.find(hashApiKey(adminKey))).toBeUndefined()
  })
})

describe('the session log in Postgres', () => {
  beforeAll(async () => {
    for (const [id, minute] of [
      ['sess_a', 1],
      ['sess_b', 2],
      ['sess_c', 3],
    ] as const) {
      const at = `2026-01-01T00:0${minute}:00Z`
      await sql`insert into sessions (tenant, id, user_id, status, title, created_at, updated_at, last_seq)
        values ('acme', ${id}, ${id === 'sess_b' ? 'ann' : null}, 'completed', 'q', ${at}, ${at}, 3)`.execute(test.database.db)
    }
    const events = [
      [1, 'turn.accepted'],
      [2, 'step.progress'],
      [3, 'turn.completed'],
      [4, 'turn.accepted'],
    ] as const
    for (const [seq, type] of events) {
      await sql`insert into session_events (tenant, session_id, seq, at, type, turn, step_id, data)
        values ('acme', 'sess_a', ${seq}, now(), ${type}, 1, ${seq === 2 ? 'answer' : null}, ${'{"message":"m"}'}::jsonb)`.execute(
        test.database.db,
      )
    }
    for (const [turn, role] of [
      [1, 'user'],
      [1, 'assistant'],
      [2, 'user'],
    ] as const) {
      await sql`insert into messages (tenant, session_id, turn, role, content, at)
        values ('acme', 'sess_a', ${turn}, ${role}, ${`{"content":"${role} ${turn}"}`}::jsonb, now())`.execute(test.database.db)
    }
  })

  it('lists newest first, by page, status and user, and only the own tenant', async () => {
    const log = createPostgresSessionLog(test.database)
    const query = { tenant: 'acme', limit: 2, after: undefined, status: undefined, user: undefined }
    const ids = async (more: Partial<typeof query> | { after: string } | { user: string } | { status: string }) =>
      (await log.list({ ...query, ...more })).data.map(({ id }) => id)
    expect(await ids({})).toEqual(['sess_c', 'sess_b'])
    expect(await ids({ after: 'sess_b' })).toEqual(['sess_a'])
    expect(await ids({ user: 'ann' })).toEqual(['sess_b'])
    expect(await ids({ status: 'failed' })).toEqual([])
    expect(await ids({ tenant: 'other' })).toEqual([])
    await expect(ids({ after: 'sess_none' })).rejects.toMatchObject({ param: 'after' })
  })

  it('says of a citation given earlier that its source changed: another text, or a file that is gone, but not other chunks', async () => {
    const { db } = test.database
    await sql`insert into files (id, tenant, filename, bytes, purpose, content_hash) values ('file_w', 'acme', 'w.md', 9, 'assistants', '')`.execute(
      db,
    )
    await sql`insert into file_texts (file_id, text, text_hash) values ('file_w', 'Warp. Weft.', 'hash one')`.execute(db)
    const citation = { index: 1, fileId: 'file_w', filename: 'w.md', quote: 'Weft.', start: 6, end: 11, score: 1, verified: true }
    const citations = [
      { ...citation, textHash: 'hash one' },
      { ...citation, index: 2 },
      { ...citation, index: 3, fileId: 'file_gone' },
    ]
    await sql`insert into messages (tenant, session_id, turn, role, content, at)
      values ('acme', 'sess_b', 1, 'assistant', ${JSON.stringify({ content: 'Weft [1].', citations })}::jsonb, now())`.execute(db)
    const read = async (tenant: string) => {
      const { data } = await createPostgresSessionLog(test.database).messages(
        { tenant, sessionId: 'sess_b' },
        { limit: 5, after: undefined },
      )
      return (Citation.array().safeParse(data[0]?.citations).data ?? []).map(({ sourceChanged }) => sourceChanged === true)
    }
    expect(await read('acme')).toEqual([false, false, true])
    await sql`update file_texts set text = 'Warp. Weft. Loom.', text_hash = 'hash two' where file_id = 'file_w'`.execute(db)
    expect(await read('acme')).toEqual([true, false, true])
    await sql`update file_texts set text = 'Looms. Warp. Weft.', text_hash = 'hash three' where file_id = 'file_w'`.execute(db)
    expect(await read('acme')).toEqual([true, true, true])
  })

  it('keeps feedback with the answer and its evidence, the last word of each key, of own answers only', async () => {
    const feedback = createPostgresFeedback(test.database)
    const session = { tenant: 'acme', sessionId: 'sess_a' }
    expect(await feedback.save(session, 'key_1', { turn: 1, rating: 2, comment: 'dull' })).toBeDefined()
    expect(await feedback.save(session, 'key_1', { turn: 1, rating: 'up' })).toBeDefined()
    expect(await feedback.save(session, 'key_1', { turn: 2, rating: 'up' })).toBeUndefined()
    expect(await feedback.save({ ...session, tenant: 'other' }, 'key_1', { turn: 1, rating: 'up' })).toBeUndefined()
    const { rows } = await sql`select rating, comment, question, answer from feedback`.execute(test.database.db)
    expect(rows).toEqual([{ rating: 'up', comment: null, question: { content: 'user 1' }, answer: { content: 'assistant 1' } }])
  })

  it('teaches routing by the first word of each key on an answer, of the models that wrote it', async () => {
    const { db } = test.database
    const feedback = createPostgresFeedback(test.database)
    await sql`insert into routing_choices (id, tenant, session_id, turn, choice) values ('route_1', 'acme', 'sess_a', 1, '{"model":"m"}'),
      ('route_2', 'other', 'sess_a', 1, '{"model":"m"}'), ('route_3', 'acme', 'sess_a', 2, '{"model":"m"}')`.execute(db)
    for (const rating of [3, 'up', 'down'] as const)
      await feedback.save({ tenant: 'acme', sessionId: 'sess_a' }, 'key_9', { turn: 1, rating })
    const { rows } = await sql`select tenant, kind, reward, choice from routing_outcomes`.execute(db)
    expect(rows).toEqual([{ tenant: 'acme', kind: 'feedback', reward: 0.5, choice: { model: 'm' } }])
  })

  it('reads events after a seq, and how many turns are open', async () => {
    const log = createPostgresSessionLog(test.database)
    const session = { tenant: 'acme', sessionId: 'sess_a' }
    const events = await log.eventsAfter(session, 1, 2)
    expect(events).toMatchObject([
      { seq: 2, stepId: 'answer', message: 'm', sessionId: 'sess_a' },
      { seq: 3, type: 'turn.completed' },
    ])
    expect(await log.tail(session)).toEqual({ lastSeq: 4, openTurns: 1 })
    expect(await log.tail({ ...session, tenant: 'other' })).toEqual({ lastSeq: 0, openTurns: 0 })
    expect(await log.eventsAfter({ ...session, tenant: 'other' }, 0, 10)).toEqual([])
  })

  it('knows of sessions that were deleted, and whose they were', async () => {
    const log = createPostgresSessionLog(test.database)
    await sql`insert into deleted_sessions (tenant, id) values ('acme', 'sess_gone')`.execute(test.database.db)
    const asked = [
      { tenant: 'acme', sessionId: 'sess_gone' },
      { tenant: 'acme', sessionId: 'sess_here' },
      { tenant: 'other', sessionId: 'sess_gone' },
    ]
    expect(await Promise.all(asked.map((session) => log.isDeleted(session)))).toEqual([true, false, false])
  })

  it('says which sessions it has not reached yet', async () => {
    await sql`insert into deleted_sessions (tenant, id) values ('acme', 'sess_erased')`.execute(test.database.db)
    const behind = await createPostgresLogReach(test.database).findBehind('acme', [
      { sessionId: 'sess_a', seq: 3 },
      { sessionId: 'sess_b', seq: 4 },
      { sessionId: 'sess_new', seq: 1 },
      { sessionId: 'sess_c', seq: 'deleted' },
      { sessionId: 'sess_erased', seq: 'deleted' },
      { sessionId: 'sess_erased', seq: 9 },
    ])
    expect([...behind].toSorted()).toEqual(['sess_b', 'sess_c', 'sess_new'])
    expect([...(await createPostgresLogReach(test.database).findBehind('other', [{ sessionId: 'sess_a', seq: 3 }]))]).toEqual([
      'sess_a',
    ])
  })

  it('reads how one turn began and ended, without what was asked', async () => {
    const log = createPostgresSessionLog(test.database)
    for (const [seq, type] of ['turn.accepted', 'step.progress', 'turn.completed', 'turn.accepted'].entries()) {
      await sql`insert into session_events (tenant, session_id, seq, at, type, turn, data)
        values ('acme', 'sess_ends', ${seq + 1}, now(), ${type}, ${seq < 3 ? 1 : 2}, '{"messages": ["long"], "model": "m"}'::jsonb)`.execute(
        test.database.db,
      )
    }
    const ends = await log.turnEnds({ tenant: 'acme', sessionId: 'sess_ends' }, 1)
    expect(ends).toMatchObject([
      { seq: 1, type: 'turn.accepted', model: 'm' },
      { seq: 3, type: 'turn.completed' },
    ])
    expect(ends[0]).not.toHaveProperty('messages')
    expect(await log.turnEnds({ tenant: 'other', sessionId: 'sess_ends' }, 1)).toEqual([])
  })

  it('reads long events a few at a time, so that a slow reader holds little', async () => {
    const log = createPostgresSessionLog(test.database)
    const session = { tenant: 'acme', sessionId: 'sess_long' }
    const text = randomBytes(40_000).toString('hex')
    for (const seq of [1, 2, 3, 4]) {
      await sql`insert into session_events (tenant, session_id, seq, at, type, turn, data)
        values ('acme', 'sess_long', ${seq}, now(), 'step.progress', 1, ${JSON.stringify({ text })}::jsonb)`.execute(
        test.database.db,
      )
    }
    const seqs = async (after: number) => (await log.eventsAfter(session, after, 100)).map(({ seq }) => seq)
    expect([await seqs(0), await seqs(1), await seqs(4)]).toEqual([[1], [2], []])
  })

  it('pages messages by their ids', async () => {
    const log = createPostgresSessionLog(test.database)
    const session = { tenant: 'acme', sessionId: 'sess_a' }
    const first = await log.messages(session, { limit: 2, after: undefined })
    expect([first.data.map(({ id }) => id), first.hasMore]).toEqual([['1.user', '1.assistant'], true])
    const second = await log.messages(session, { limit: 2, after: { turn: 1, part: 0 } })
    expect(second.data.map(({ content }) => content)).toEqual(['assistant 1', 'user 2'])
    expect([second.hasMore, await log.messages(session, { limit: 2, after: { turn: 2, part: 0 } })]).toEqual([
      false,
      { data: [], hasMore: false },
    ])
  })

  it('reads long messages a few at a time, and says that there are more', async () => {
    const log = createPostgresSessionLog(test.database)
    const content = JSON.stringify({ content: randomBytes(150_000).toString('base64') })
    for (const turn of [1, 2, 3]) {
      await sql`insert into messages (tenant, session_id, turn, role, content, at)
        values ('acme', 'sess_long', ${turn}, 'user', ${content}::jsonb, now())`.execute(test.database.db)
    }
    const page = async (turn: number) => {
      const { data, hasMore } = await log.messages(
        { tenant: 'acme', sessionId: 'sess_long' },
        { limit: 100, after: { turn, part: 1 } },
      )
      return { ids: data.map(({ id }) => id), hasMore }
    }
    expect(await page(0)).toEqual({ ids: ['1.user', '2.user'], hasMore: true })
    expect(await page(2)).toEqual({ ids: ['3.user'], hasMore: false })
  })
})
