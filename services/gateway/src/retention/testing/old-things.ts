import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chainAfter, chainStart, hashHistoryLine } from '@weft/contracts'
import { type Database, sql } from '@weft/database'
import { z } from 'zod'
import { createPostgresApprovals } from '../../approvals/postgres-approvals.ts'
import { createPostgresAudit } from '../../audit/postgres-audit.ts'
import type { RetentionLimits } from '../../core/retention-limits.ts'
import type { SessionRef } from '../../sessions/dapr-sessions.ts'
import { createPostgresSessionLog } from '../../sessions/postgres-sessions.ts'
import { createPostgresUsage } from '../../usage/postgres-usage.ts'
import { createArchiveFolder } from '../archive-folder.ts'
import { createBesideSession } from '../postgres-beside-session.ts'
import { createPostgresRetention } from '../postgres-retention.ts'
import type { SweepDeps } from '../sweep-batch.ts'
import { sweepTenant } from '../sweep-tenant.ts'

/** Sessions, calls and lines of any age, and sweeps of them. */
export function oldThings(database: Database) {
  const folder = mkdtempSync(join(tmpdir(), 'weft-retention-'))
  const deps = sweepDeps(database, folder)
  return {
    deps,
    folder,
    ...oldRows(database),
    sweep(tenant: string, limits: Partial<RetentionLimits>, more: Partial<SweepDeps> = {}, forMs = 60_000) {
      const wish = { limits: { sessions: undefined, calls: undefined, audit: undefined, ...limits }, forMs }
      const by = { keyId: 'weft', name: 'retention', tenant }
      return sweepTenant({ ...deps, ...more }, { tenant, by, ...wish, signal: new AbortController().signal })
    },
    /** Of all days, in the order they were written. */
    archived: (tenant: string, kind: string) => linesIn(join(folder, tenant), kind),
    async sessionsLeft(tenant: string): Promise<string[]> {
      const { rows } = await sql<{ id: string }>`select id from sessions where tenant = ${tenant} order by id`.execute(
        database.db,
      )
      return rows.map(({ id }) => id)
    },
    stop: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function sweepDeps(database: Database, folder: string) {
  return {
    store: createPostgresRetention(database),
    archive: createArchiveFolder({ folder, nowMs: Date.now }),
    parts: {
      log: createPostgresSessionLog(database),
      usage: createPostgresUsage(database),
      beside: createBesideSession(database),
      nowMs: Date.now,
    },
    sessions: { expire: (session: SessionRef, lastSeq: number) => expireInLog(database, { ...session, lastSeq }) },
    audit: createPostgresAudit(database),
    approvals: createPostgresApprovals(database),
    nowMs: Date.now,
    rounds: new Map(),
  } satisfies SweepDeps
}

interface SessionAge {
  daysOld?: number
  status?: string
  root?: string
}

const ago = (daysOld: number) => new Date(Date.now() - daysOld * 86_400_000)

function oldRows({ db }: Database) {
  return {
    async session(tenant: string, id: string, { daysOld = 10, status = 'completed', root }: SessionAge = {}) {
      const at = ago(daysOld)
      await sql`
        insert into sessions (tenant, id, status, title, root_session_id, created_at, updated_at, last_seq)
        values (${tenant}, ${id}, ${status}, 'a question', ${root ?? null}, ${at}, ${at}, 2)
      `.execute(db)
      await sql`
        insert into session_events (tenant, session_id, seq, at, type, turn, data) values
        (${tenant}, ${id}, 1, ${at}, 'turn.accepted', 1, '{"model":"weft/auto","messages":[{"role":"user","content":"a question"}]}'),
        (${tenant}, ${id}, 2, ${at}, 'turn.completed', 1, '{"answer":{"text":"an answer","citations":[],"degraded":[]}}')
      `.execute(db)
      await sql`
        insert into messages (tenant, session_id, turn, role, content, at) values
        (${tenant}, ${id}, 1, 'user', '{"content":"a question"}', ${at}), (${tenant}, ${id}, 1, 'assistant', '{"content":"an answer"}', ${at})
      `.execute(db)
    },
    async call(tenant: string, id: string, { daysOld = 10, sessionId }: { daysOld?: number; sessionId?: string } = {}) {
      await sql`
        insert into model_calls (id, tenant, kind, session_id, agent, model, provider, price_known, attempt, first_call_id, is_streamed,
          started_at, outcome, input_tokens, output_tokens, cost_usd, measured)
        values (${id}, ${tenant}, 'chat', ${sessionId ?? null}, 'rag', 'm', 'p', true, 1, ${id}, false,
          ${ago(daysOld)}, 'completed', 1, 1, 0.25, true)
      `.execute(db)
    },
    /** A whole history of these sessions' approvals, one line each, in this order. */
    async history(tenant: string, told: { sessionId: string; daysOld: number }[]) {
      const contents = told.map(({ sessionId, daysOld }, index) => ({
        ...{ approvalId: `appr_${sessionId}.1`, sessionId, seq: index + 1, entry: { kind: 'decided' } },
        at: ago(daysOld).toISOString(),
      }))
      for (const line of chainAfter(chainStart, contents, hashHistoryLine)) {
        const { position, approvalId, sessionId, seq, at, entry, previousHash, hash } = line
        await sql`
          insert into approval_history (tenant, position, approval_id, session_id, seq, at, entry, previous_hash, hash)
          values (${tenant}, ${position}, ${approvalId}, ${sessionId}, ${seq}, ${at}, ${JSON.stringify(entry)}, ${previousHash}, ${hash})
        `.execute(db)
      }
    },
  }
}

const Line = z.looseObject({ schema: z.string(), version: z.literal(1), tenant: z.string() })

function linesIn(folder: string, kind: string) {
  const files = readdirSync(folder).filter((name) => name.startsWith(`${kind}-20`))
  const lines = files.toSorted().flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
  return lines.map((text) => Line.parse(JSON.parse(text)))
}

/** What the session's actor does, as far as the database sees it. */
async function expireInLog({ db }: Database, session: { tenant: string; sessionId: string; lastSeq: number }): Promise<boolean> {
  const { tenant, sessionId, lastSeq } = session
  await sql`
    with roots as (delete from sessions where tenant = ${tenant} and id = ${sessionId} and last_seq = ${lastSeq} returning id)
    delete from sessions where tenant = ${tenant} and root_session_id in (select id from roots)
  `.execute(db)
  const { rows } = await sql`select 1 from sessions where tenant = ${tenant} and id = ${sessionId}`.execute(db)
  return rows.length === 0
}
