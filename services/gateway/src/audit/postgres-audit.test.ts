import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { findAuditBreak } from '@weft/contracts'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { newApiKey } from '../core/api-key.ts'
import { storeAdminKey } from '../keys/first-admin-key.ts'
import type { AuditedAct, AuditNote } from './audit-log.ts'
import { createPostgresAudit } from './postgres-audit.ts'
import { verifyChain } from './verify-chain.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

const by = (tenant: string) => ({ keyId: 'key_ann', name: 'ann', tenant })
const audit = () => createPostgresAudit(test.database)
const linesOf = async (tenant: string) => (await audit().list({ tenant, limit: 1_000, after: undefined })).data
const verify = (tenant: string) =>
  verifyChain({
    page: ({ after }) => audit().list({ tenant, limit: 3, after }),
    anchor: () => audit().anchor(tenant),
    findBreak: findAuditBreak,
  })
const note = (tenant: string, target: string, more: Partial<AuditNote> = {}) =>
  audit().note(by(tenant), { action: 'session.deleted', target, ...more })

/** Makes a webhook, and says so. */
const makeWebhook =
  (tenant: string, id: string): AuditedAct<void> =>
  async ({ webhooks }, tell) => {
    await webhooks.insert({ tenant, id, url: 'https://example.com', secret: 'whsec_1' })
    tell({ action: 'webhook.created', target: id })
  }
const webhookIds = async (tenant: string) => {
  const { rows } = await sql<{ id: string }>`select id from webhooks where tenant = ${tenant} order by id`.execute(
    test.database.db,
  )
  return rows.map(({ id }) => id)
}

describe('an act and what tells of it', () => {
  it('are there together, with who did it and when', async () => {
    await audit().act(by('both'), makeWebhook('both', 'wh_1'))
    expect(await webhookIds('both')).toEqual(['wh_1'])
    expect(await linesOf('both')).toEqual([
      {
        ...{ position: 1, at: expect.stringMatching(/^\d{4}-.*Z$/), by: by('both'), action: 'webhook.created', target: 'wh_1' },
        ...{ details: {}, previousHash: '0'.repeat(64), hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    ])
  })

  it('are there neither when the act fails, nor when it cannot be told of', async () => {
    const fails: AuditedAct<void> = async (stores, tell) => {
      await makeWebhook('neither', 'wh_1')(stores, tell)
      throw new Error('no')
    }
    await expect(audit().act(by('neither'), fails)).rejects.toThrow('no')
    const details: Record<string, unknown> = {}
    details.itself = details
    const cannotBeTold: AuditedAct<void> = async (stores, tell) => {
      await makeWebhook('neither', 'wh_2')(stores, tell)
      tell({ action: 'webhook.created', target: 'wh_2', details })
    }
    await expect(audit().act(by('neither'), cannotBeTold)).rejects.toThrow()
    expect([await webhookIds('neither'), await linesOf('neither')]).toEqual([[], []])
  })

  it('stand in the logs of both tenants, where one does something of the other’s', async () => {
    await note('default', 'key_1', { action: 'key.created', tenant: 'acme' })
    for (const tenant of ['acme', 'default'])
      expect(await linesOf(tenant)).toMatchObject([{ by: by('default'), target: 'key_1' }])
    await note('default', 'sess_1')
    expect(await linesOf('acme')).toHaveLength(1)
  })
})

it('begins with the first admin key, told of once however often the mesh starts', async () => {
  const options = {
    audit: audit(),
    adminKey: newApiKey(),
    logger: { warn: () => undefined },
    signal: AbortSignal.timeout(60_000),
  }
  for (let start = 0; start < 2; start++) await storeAdminKey(options)
  const made = (await linesOf('default')).filter(({ by: { name } }) => name === 'the first start')
  expect(made).toMatchObject([{ action: 'key.created', target: expect.stringMatching(/^key_/) }])
})

describe('the audit log', () => {
  it('is one whole chain of each tenant, whoever writes at once', async () => {
    const notes = Array.from({ length: 20 }, (_, index) => note(index % 2 === 0 ? 'even' : 'odd', `sess_${index}`))
    await Promise.all(notes)
    for (const tenant of ['even', 'odd']) expect(await verify(tenant)).toMatchObject({ isValid: true, entries: 10 })
  })

  it('reads back as it was hashed, whatever is in it', async () => {
    const details = {
      text: 'a\u0000b \u{1f9f6}',
      small: 1e-7,
      large: 1e21,
      none: null,
      left: undefined,
      nested: { b: 1, a: [true] },
    }
    await note('odd things', 'sess\u0000', { details })
    expect(await verify('odd things')).toMatchObject({ isValid: true, entries: 1 })
  })

  it('is read with what a later version of Weft has written', async () => {
    await note('later', 'sess_1', { action: 'galaxy.closed' as AuditNote['action'] })
    expect(await linesOf('later')).toMatchObject([{ action: 'galaxy.closed', target: 'sess_1' }])
    expect(await verify('later')).toMatchObject({ entries: 1 })
  })

  it('is read page by page', async () => {
    const page = await audit().list({ tenant: 'even', limit: 4, after: 4 })
    expect([page.data.map(({ position }) => position), page.hasMore]).toEqual([[5, 6, 7, 8], true])
  })

  it('cannot be changed, and shows when it was all the same', async () => {
    for (const id of ['a', 'b', 'c']) await note('changed', id)
    const { db } = test.database
    for (const change of [
      sql`update audit_log set target = 'x' where tenant = 'changed'`,
      sql`delete from audit_log where tenant = 'changed'`,
      sql`truncate audit_log`,
    ])
      await expect(change.execute(db)).rejects.toThrow('append-only')
    await sql`alter table audit_log disable trigger audit_log_is_append_only`.execute(db)
    await sql`update audit_log set key_name = 'eve' where tenant = 'changed' and position = 2`.execute(db)
    await sql`alter table audit_log enable trigger audit_log_is_append_only`.execute(db)
    expect(await verify('changed')).toMatchObject({
      isValid: false,
      entries: 1,
      brokenAt: 2,
      problem: expect.stringContaining('line 2'),
    })
  })
})

describe('a log whose oldest lines were removed', () => {
  const remove = (tenant: string, upTo: number) =>
    sql`delete from audit_log where tenant = ${tenant} and position <= ${upTo}`.execute(test.database.db)
  const anchorAt = (tenant: string, position: number, hash: string) =>
    sql`
      insert into retention_anchors (tenant, history, removed_until, position, hash)
      values (${tenant}, 'audit', '2026-01-01', ${position}, ${hash})
      on conflict (tenant, history) do update set position = excluded.position, hash = excluded.hash
    `.execute(test.database.db)

  it('is whole from its anchor on, which alone lets lines go', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await note('pruned', id)
    const lines = await linesOf('pruned')
    await expect(remove('pruned', 2)).rejects.toThrow('append-only')
    await anchorAt('pruned', 2, String(lines[1]?.hash))
    await expect(remove('pruned', 3)).rejects.toThrow('append-only')
    await remove('pruned', 2)
    const startsAfter = { position: 2, hash: lines[1]?.hash, at: '2026-01-01T00:00:00.000Z' }
    expect(await verify('pruned')).toEqual({ isValid: true, entries: 2, lastHash: lines[3]?.hash, startsAfter })
    await note('pruned', 'e')
    expect(await verify('pruned')).toMatchObject({ isValid: true, entries: 3 })
  })

  it('shows when the anchor is not the line that its first line follows', async () => {
    for (const id of ['a', 'b', 'c']) await note('moved', id)
    const lines = await linesOf('moved')
    await anchorAt('moved', 1, String(lines[1]?.hash))
    expect(await verify('moved')).toMatchObject({ isValid: false, brokenAt: 2, problem: 'line 2 does not follow line 1' })
    await anchorAt('moved', 2, String(lines[1]?.hash))
    await remove('moved', 2)
    await anchorAt('moved', 1, String(lines[0]?.hash))
    expect(await verify('moved')).toMatchObject({ isValid: false, problem: 'line 2 is missing' })
  })

  it('is checked again when lines go while it is being checked', async () => {
    for (const id of ['a', 'b', 'c']) await note('racing', id)
    const lines = await linesOf('racing')
    let looks = 0
    const verdict = await verifyChain({
      async page({ after }) {
        looks += 1
        if (looks === 1) {
          await anchorAt('racing', 2, String(lines[1]?.hash))
          await remove('racing', 2)
        }
        return audit().list({ tenant: 'racing', limit: 3, after })
      },
      anchor: () => audit().anchor('racing'),
      findBreak: findAuditBreak,
    })
    expect(verdict).toMatchObject({ isValid: true, entries: 1, startsAfter: { position: 2 } })
  })
})
