import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { createPostgresPageTokens } from '../http/postgres-page-tokens.ts'
import { approvalOf } from '../testing/approvals.ts'
import { createPostgresApprovals } from './postgres-approvals.ts'

let test: TestDatabase

interface Row {
  id: string
  root?: string
  status?: string
  assignees?: string[]
  snoozedUntil?: string
  tenant?: string
}

async function insert({ id, root, status = 'pending', assignees = [], snoozedUntil, tenant = 'acme' }: Row): Promise<void> {
  const approval = JSON.stringify(approvalOf({ id }))
  await sql`insert into approvals (tenant, id, session_id, root_session_id, status, risk, assignees, requested_at, snoozed_until, seq, approval)
    values (${tenant}, ${id}, 's', ${root ?? 's'}, ${status}, 'low', ${assignees}::text[], now(), ${snoozedUntil ?? null}::timestamptz, 1, ${approval}::jsonb)`.execute(
    test.database.db,
  )
}

beforeAll(async () => {
  test = await startTestDatabase()
  await insert({ id: 'appr_s.1' })
  await insert({ id: 'appr_s.2', assignees: ['ann', 'role:finance'] })
  await insert({ id: 'appr_s.3', assignees: ['bob'], root: 'parent' })
  await insert({ id: 'appr_s.4', snoozedUntil: '2999-01-01T00:00:00Z' })
  await insert({ id: 'appr_s.5', status: 'approved' })
  await insert({ id: 'appr_s.1', tenant: 'other' })
})
afterAll(() => test.stop())

describe('pending approvals in Postgres', () => {
  const query = { tenant: 'acme', assignees: undefined, sessionId: undefined, showsSnoozed: false, limit: 10, after: undefined }

  it.each([
    [{}, [1, 2, 3]],
    [{ assignees: ['ann'] }, [1, 2]],
    [{ assignees: ['carl', 'role:finance'] }, [1, 2]],
    [{ sessionId: 'parent' }, [3]],
    [{ showsSnoozed: true }, [1, 2, 3, 4]],
    [{ after: 'appr_s.2' }, [3]],
    [{ limit: 1 }, [1]],
    [{ tenant: 'third' }, []],
  ])('with %j are %j, oldest first', async (more, numbers) => {
    const { data } = await createPostgresApprovals(test.database).pending({ ...query, ...more })
    expect(data.map(({ id }) => id)).toEqual(numbers.map((n) => `appr_s.${n}`))
  })

  it('say whether there are more, and refuse a place that is none', async () => {
    const approvals = createPostgresApprovals(test.database)
    expect((await approvals.pending({ ...query, limit: 2 })).hasMore).toBe(true)
    await expect(approvals.pending({ ...query, after: 'appr_x.1' })).rejects.toMatchObject({ param: 'after' })
  })

  it('are found by id within their tenant, decided ones too', async () => {
    const approvals = createPostgresApprovals(test.database)
    expect(await approvals.find({ tenant: 'acme', id: 'appr_s.5' })).toMatchObject({ id: 'appr_s.5' })
    expect(await approvals.find({ tenant: 'other', id: 'appr_s.5' })).toBeUndefined()
  })
})

describe('the history of approvals in Postgres', () => {
  it('is told entry by entry, of one approval or of all', async () => {
    for (const [position, id] of [
      [1, 'appr_s.1'],
      [2, 'appr_s.2'],
      [3, 'appr_s.1'],
    ] as const) {
      await sql`insert into approval_history (tenant, position, approval_id, session_id, seq, at, entry, previous_hash, hash)
        values ('acme', ${position}, ${id}, 's', ${position}, '2026-01-01T00:00:00Z', '{"kind":"voted","by":"ann"}'::jsonb, 'p', 'h')`.execute(
        test.database.db,
      )
    }
    const approvals = createPostgresApprovals(test.database)
    const positions = async (more: { approvalId?: string; after?: number; limit?: number }) => {
      const page = await approvals.history({ tenant: 'acme', approvalId: undefined, after: undefined, limit: 10, ...more })
      return page.data.map(({ position }) => position)
    }
    expect(await positions({})).toEqual([1, 2, 3])
    expect(await positions({ approvalId: 'appr_s.1', after: 1 })).toEqual([3])
    expect(await positions({ limit: 1 })).toEqual([1])
    expect(await approvals.lastPosition('acme')).toBe(3)
    expect(await approvals.lastPositions(['acme', 'nobody'])).toEqual(new Map([['acme', 3]]))
    const { data } = await approvals.history({ tenant: 'acme', approvalId: 'appr_s.2', after: undefined, limit: 10 })
    expect(data).toEqual([
      {
        position: 2,
        approvalId: 'appr_s.2',
        sessionId: 's',
        seq: 2,
        at: '2026-01-01T00:00:00.000Z',
        entry: { kind: 'voted', by: 'ann' },
        previousHash: 'p',
        hash: 'h',
      },
    ])
  })
})

it('reads a history that somebody has tampered with, so that its hashes can tell', async () => {
  await sql`insert into approval_history (tenant, position, approval_id, session_id, seq, at, entry, previous_hash, hash)
    values ('forged', 1, 'appr_s.1', 's', 1, '2026-01-01T00:00:00Z', '"nothing happened"', 'p', 'h')`.execute(test.database.db)
  const approvals = createPostgresApprovals(test.database)
  const { data } = await approvals.history({ tenant: 'forged', approvalId: undefined, after: undefined, limit: 10 })
  expect(data).toMatchObject([{ position: 1, entry: {}, hash: 'h' }])
})

describe('used page tokens in Postgres', () => {
  it('are used once, by whichever gateway comes first, unless they are given back', async () => {
    const tokens = createPostgresPageTokens(test.database)
    const token = { tenant: 'acme', token: 'a.b', expiresAtMs: Date.now() + 60_000 }
    const uses = await Promise.all([1, 2, 3].map(() => tokens.consume(token)))
    expect(uses.filter((isFirst) => isFirst)).toHaveLength(1)
    await tokens.release(token)
    expect(await tokens.consume(token)).toBe(true)
  })

  it('are forgotten once they would have expired', async () => {
    const tokens = createPostgresPageTokens(test.database)
    await tokens.consume({ tenant: 'tidy', token: 'old', expiresAtMs: Date.now() - 1_000 })
    await tokens.consume({ tenant: 'tidy', token: 'new', expiresAtMs: Date.now() + 60_000 })
    const { rows } = await sql`select 1 from used_page_tokens where tenant = 'tidy'`.execute(test.database.db)
    expect(rows).toHaveLength(1)
  })
})
