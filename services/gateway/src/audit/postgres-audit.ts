import {
  type AuditLine,
  type ChainedAuditLine,
  chainAfter,
  chainStart,
  hashAuditLine,
  parseJson,
  parseValue,
} from '@weft/contracts'
import { type Database, RowTime, sql, storableJson, storableText } from '@weft/database'
import { createPostgresBudgets } from '@weft/models'
import { createKnowledgeStore } from '@weft/retrieval'
import { z } from 'zod'
import { createPostgresAgents } from '../agents/postgres-agents.ts'
import type { Actor } from '../core/actor.ts'
import { createPostgresKeys } from '../keys/postgres-keys.ts'
import { createPostgresSettingChanges } from '../live-settings/postgres-setting-changes.ts'
import { createPostgresWebhooks } from '../notifications/postgres-webhooks.ts'
import type { AuditedStores, AuditLog, AuditNote } from './audit-log.ts'
import { readAnchor } from './postgres-anchors.ts'

type Db = Database['db']

const Position = z.coerce.number()
const End = z.object({ position: Position, hash: z.string() })
const Details = z.record(z.string(), z.unknown())
const Row = z.object({
  position: Position,
  at: RowTime,
  key_id: z.string(),
  key_name: z.string(),
  key_tenant: z.string(),
  action: z.string(),
  target: z.string(),
  details: Details,
  previous_hash: z.string(),
  hash: z.string(),
})

/** The audit log in the same database as the stores that it is about, so that one transaction holds an act and its notes. */
export function createPostgresAudit(database: Database): AuditLog {
  const act: AuditLog['act'] = (by, perform) =>
    database.db.transaction().execute(async (db) => {
      const notes: AuditNote[] = []
      const result = await perform(storesIn({ ...database, db }), (note) => void notes.push(note))
      for (const tenant of tenantsOf(by, notes))
        await appendAuditLines(db, tenant, { by, notes: notes.filter(concerns(tenant, by)) })
      return result
    })
  return {
    act,
    note: (by, note) => act(by, async (_stores, take) => take(note)),
    async list({ tenant, limit, after }) {
      const { rows } = await sql`
        select position, at, key_id, key_name, key_tenant, action, target, details, previous_hash, hash from audit_log
        where tenant = ${tenant} and position > ${after ?? 0} order by position limit ${limit + 1}
      `.execute(database.db)
      return { data: rows.slice(0, limit).map(toLine), hasMore: rows.length > limit }
    },
    anchor: (tenant) => readAnchor(database, { tenant, chain: 'audit' }),
  }
}

function storesIn(database: Database): AuditedStores {
  return {
    keys: createPostgresKeys(database),
    budgets: createPostgresBudgets(database),
    settings: createPostgresSettingChanges(database),
    agents: createPostgresAgents(database),
    webhooks: createPostgresWebhooks(database),
    knowledge: createKnowledgeStore(database),
  }
}

/** The tenants in whose logs these notes go; sorted, because each log is locked in turn and two acts must not wait for each other. */
function tenantsOf(by: Actor, notes: AuditNote[]): string[] {
  const concerned = notes.length === 0 ? [] : [by.tenant, ...notes.map(({ tenant = by.tenant }) => tenant)]
  return [...new Set(concerned)].toSorted()
}

function concerns(tenant: string, by: Actor) {
  return (note: AuditNote) => tenant === by.tenant || tenant === note.tenant
}

/**
 * Appends lines to a tenant's log, which it locks until the transaction ends. So it has to be the last thing in a transaction: others then wait for a commit
 * only.
 */
export async function appendAuditLines(db: Db, tenant: string, { by, notes }: { by: Actor; notes: AuditNote[] }): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`audit log of ${tenant}`}, 0))`.execute(db)
  const { rows } = await sql`
    select position, hash from audit_log where tenant = ${tenant} order by position desc limit 1
  `.execute(db)
  const last = rows[0] === undefined ? chainStart : parseValue(End, rows[0], 'the end of an audit log')
  const at = new Date().toISOString()
  const fresh = notes.map(({ action, target, details = {} }): Omit<AuditLine, 'position'> => {
    // Hashed in the form in which the table can store it, so that the hash still holds when the line is read back.
    const kept = { by: { ...by, name: storableText(by.name) }, target: storableText(target) }
    return { at, action, ...kept, details: parseJson(Details, storableJson(details), 'the details of an audit line') }
  })
  await sql`
    insert into audit_log (tenant, position, at, key_id, key_name, key_tenant, action, target, details, previous_hash, hash)
    select ${tenant}, * from jsonb_to_recordset(${JSON.stringify(chainAfter(last, fresh, hashAuditLine).map(rowOf))}::jsonb) as row(
      position bigint, at timestamptz, key_id text, key_name text, key_tenant text, action text, target text, details jsonb,
      previous_hash text, hash text
    )
  `.execute(db)
}

function rowOf({ by, previousHash, ...line }: ChainedAuditLine) {
  return { ...line, key_id: by.keyId, key_name: by.name, key_tenant: by.tenant, previous_hash: previousHash }
}

function toLine(row: unknown): ChainedAuditLine {
  const { key_id, key_name, key_tenant, previous_hash, ...line } = parseValue(Row, row, 'an audit line')
  return { ...line, by: { keyId: key_id, name: key_name, tenant: key_tenant }, previousHash: previous_hash }
}
