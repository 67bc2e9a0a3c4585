import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type SessionEvent, WeftError } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { startTestDatabase, type TestDatabase } from '@weft/database/testing'
import { z } from 'zod'
import { DrivenSession } from '../core/testing.ts'
import { createEventLog, type EventLogOptions } from './postgres-event-log.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await startTestDatabase()
})
afterAll(() => test.stop())

const at = '2026-01-01T00:00:00.000Z'
const event = (sessionId: string, seq: number, more: Partial<SessionEvent> = {}): SessionEvent => ({
  seq,
  at,
  type: 'step.progress',
  sessionId,
  turn: 1,
  ...more,
})
const accepted = (sessionId: string, content: string) =>
  event(sessionId, 1, { type: 'turn.accepted', messages: [{ role: 'user', content }] })

function openLog(more: Partial<EventLogOptions> = {}) {
  const flushed: [string, number][] = []
  const problems: unknown[] = []
  const log = createEventLog({
    database: test.database,
    onFlushed: (actorId, upToSeq) => flushed.push([actorId, upToSeq]),
    onProblem: (cause) => problems.push(cause),
    ...more,
  })
  const append = (sessionId: string, events: SessionEvent[]) =>
    log.append({ actorId: `acme.${sessionId}`, tenant: 'acme', sessionId, user: undefined, events })
  return { log, append, flushed, problems }
}

async function statusOf(sessionId: string): Promise<unknown> {
  const { rows } = await sql`select status from sessions where tenant = 'acme' and id = ${sessionId}`.execute(test.database.db)
  return z.object({ status: z.string() }).parse(rows[0]).status
}

async function seqsOf(sessionId: string): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`
    select seq from session_events where tenant = 'acme' and session_id = ${sessionId} order by seq
  `.execute(test.database.db)
  return rows.map(({ seq }) => seq)
}

it('a session is listed by its turn at work, whatever waits behind it, and by the next one once that has ended', async () => {
  const session = new DrivenSession()
  session.state = { ...session.state, sessionId: 'behind' }
  const statusAfter = async (act: () => unknown) => {
    act()
    const { log, append } = openLog()
    append('behind', session.events.splice(0))
    await log.stop()
    return statusOf('behind')
  }
  const decision = { approvalId: 'appr_behind.1', action: 'approve' as const, by: { id: 'ann', roles: [], isAdmin: false } }
  expect(await statusAfter(() => session.run([{ stepId: 'answer', approval: { reason: 'money' } }]))).toBe('awaiting_approval')
  expect(await statusAfter(() => session.run([{ stepId: 'next' }]))).toBe('awaiting_approval')
  expect(await statusAfter(() => session.send({ type: 'decide', decision }))).toBe('running')
  expect(await statusAfter(() => session.send({ type: 'cancel', turn: 1 }))).toBe('running')
  expect(await statusAfter(() => session.succeed('next'))).toBe('completed')
})

it('what waits for people holds up no session that does not', async () => {
  let isBusy = true
  const refuse = () => ({ execute: async () => Promise.reject(new Error('busy')) })
  const db = new Proxy(test.database.db, {
    get(real, name) {
      if (name === 'transaction' && isBusy) return refuse
      const value = Reflect.get(real, name, real)
      return typeof value === 'function' ? value.bind(real) : value
    },
  })
  const { log, append, flushed } = openLog({ database: { ...test.database, db } })
  const asking = new DrivenSession()
  asking.run([{ stepId: 'answer', approval: { reason: 'money' } }])
  append('asking', asking.events)
  append('plain', [event('plain', 1)])
  while ((await seqsOf('plain')).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await seqsOf('asking')).toEqual([])
  isBusy = false
  await log.written()
  expect(await seqsOf('asking')).toEqual(asking.events.map(({ seq }) => seq))
  expect(await seqsOf('plain')).toEqual([1])
  expect(flushed.map(([actorId]) => actorId).toSorted()).toEqual(['acme.asking', 'acme.plain'])
  await log.stop()
})

it('writes events, the session and its messages once, however often they are handed over', async () => {
  const { log, append, flushed } = openLog()
  const answer = { text: 'Scattering.', citations: [], degraded: [], usage: [], costUsd: 0 }
  const events = [accepted('once', 'Why is the sky blue?'), event('once', 2, { type: 'turn.completed', answer })]
  append('once', events)
  append('once', events)
  await log.stop()
  const again = openLog()
  again.append('once', events)
  await again.log.stop()
  expect(await seqsOf('once')).toEqual([1, 2])
  expect(flushed).toEqual([['acme.once', 2]])
  const { rows } = await sql`
    select s.status, s.title, s.last_seq, m.role, m.content->>'content' as content
    from sessions s join messages m on m.session_id = s.id where s.id = 'once' order by m.role desc
  `.execute(test.database.db)
  const session = { status: 'completed', title: 'Why is the sky blue?', last_seq: 2 }
  expect(rows).toEqual([
    { ...session, role: 'user', content: 'Why is the sky blue?' },
    { ...session, role: 'assistant', content: 'Scattering.' },
  ])
})

it('writes an event once that another host writes at the same moment', async () => {
  const { log, append, flushed, problems } = openLog()
  const theirs = sql`
    insert into session_events (tenant, session_id, seq, at, type, turn, data) values ('acme', 'shared', 2, ${at}, 'step.progress', 1, '{}')
  `
  await theirs.execute(test.database.db)
  append('shared', [accepted('shared', 'Whose?'), event('shared', 2), event('shared', 3)])
  append('alone', [event('alone', 1)])
  await log.stop()
  expect([await seqsOf('shared'), await seqsOf('alone'), problems]).toEqual([[1, 2, 3], [1], []])
  expect(flushed).toEqual([
    ['acme.shared', 3],
    ['acme.alone', 1],
  ])
})

it('keeps text that no database can store from blocking it', async () => {
  const { log, append, problems } = openLog()
  append('odd', [accepted('odd', `${'x'.repeat(119)}💡`), event('odd', 2, { message: 'nul \0, half \ud83d', 'name\0': 1 })])
  append('even', [event('even', 1)])
  await log.stop()
  expect([await seqsOf('odd'), await seqsOf('even'), problems]).toEqual([[1, 2], [1], []])
})

it('writes many long conversations in statements of bearable length', async () => {
  const lengths: number[] = []
  const { db } = test.database
  const spied = {
    ...test.database,
    db: db.withPlugin({
      transformQuery({ node }) {
        lengths.push(JSON.stringify(node).length)
        return node
      },
      transformResult: async ({ result }) => result,
    }),
  }
  const { log, append } = openLog({ database: spied })
  for (let n = 0; n < 6; n += 1) append(`long${n}`, [accepted(`long${n}`, 'x'.repeat(1_500_000))])
  await log.stop()
  expect(await Promise.all(Array.from({ length: 6 }, (_, n) => seqsOf(`long${n}`)))).toEqual(Array(6).fill([1]))
  expect(lengths.length).toBeGreaterThanOrEqual(3)
})

it('keeps a long question once: as a message, not in the event that everybody who follows is sent', async () => {
  const { log, append } = openLog()
  append('question', [accepted('question', 'x'.repeat(100_000))])
  await log.stop()
  const { rows } = await sql`
    select e.data, length(m.content->>'content') as chars from session_events e join messages m using (tenant, session_id) where session_id = 'question'
  `.execute(test.database.db)
  expect(rows).toEqual([{ data: { messagesOmitted: true }, chars: 100_000 }])
})

it('leaves out the one event that is refused, and names the problem', async () => {
  const { log, append, problems, flushed } = openLog()
  append('before', [event('before', 1)])
  append('bad', [event('bad', 1), event('bad', 2, { at: 'no time' }), event('bad', 3)])
  append('after', [event('after', 1)])
  await log.stop()
  expect([await seqsOf('before'), await seqsOf('bad'), await seqsOf('after')]).toEqual([[1], [1, 3], [1]])
  expect(problems).toEqual([expect.objectContaining({ code: '22007' })])
  expect(flushed).toContainEqual(['acme.bad', 3])
})

it('never writes an event before those it has no room for', async () => {
  const { log, append, flushed } = openLog({ queuedRowsMax: 3 })
  const events = [1, 2, 3, 4, 5].map((seq) => event('full', seq))
  append('full', events.slice(0, 2))
  append('full', events.slice(0, 4))
  append('full', events)
  await log.stop()
  expect(await seqsOf('full')).toEqual([1, 2, 3])
  expect(flushed).toEqual([['acme.full', 3]])
})

it('goes on where it was once the database is back', async () => {
  let failures = 2
  const database: Database = {
    ...test.database,
    get db() {
      if (failures-- > 0) throw new WeftError('dependency_unavailable', 'away')
      return test.database.db
    },
  }
  const { log, append, problems } = openLog({ database })
  append('back', [event('back', 1)])
  while ((await seqsOf('back')).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  await log.stop()
  expect(await seqsOf('back')).toEqual([1])
  expect(problems).toHaveLength(1)
})

it('tells when what is queued now is written, also while more is queued without end', async () => {
  let seq = 1
  let isBusy = true
  const { log, append } = openLog({
    onFlushed() {
      seq += 1
      if (isBusy) append('busy', [event('busy', seq)])
    },
  })
  append('busy', [event('busy', seq)])
  const late = new Promise((resolve) => setTimeout(resolve, 30_000, 'late').unref())
  expect(await Promise.race([log.written(), late])).toBeUndefined()
  expect(await seqsOf('busy')).toContain(1)
  isBusy = false
  await log.stop()
  await log.written()
})

it('lists a session as waiting for an approval until it goes on, whatever else is told meanwhile', async () => {
  const steps: [SessionEvent, string][] = [
    [accepted('waiting', 'Send it?'), 'running'],
    [event('waiting', 2, { type: 'approval.requested', turnStatus: 'awaiting_approval' }), 'awaiting_approval'],
    [event('waiting', 3, { message: 'commented' }), 'awaiting_approval'],
    [event('waiting', 4, { type: 'approval.decided', turnStatus: 'running' }), 'running'],
    [event('waiting', 5, { type: 'turn.completed' }), 'completed'],
  ]
  for (const [told, status] of steps) {
    const { log, append } = openLog()
    append('waiting', [told])
    await log.stop()
    expect(await statusOf('waiting')).toBe(status)
  }
})
