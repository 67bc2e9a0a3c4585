import { parseValue, WeftError } from '@weft/contracts'
import { type Database, RowTime, sql } from '@weft/database'
import { z } from 'zod'
import { type KeyIdentity, KeyScope } from '../core/api-key.ts'
import { CallLimits } from '../limits/core/call-limits.ts'
import type { KeyRecord, KeyStore } from './key-store.ts'

const IdentityRow = z.object({
  id: z.string(),
  tenant: z.string(),
  name: z.string(),
  scopes: z.array(KeyScope),
  roles: z.array(z.string()),
  expires_at: RowTime.nullable(),
  limits: CallLimits.nullable(),
})
const KeyRow = IdentityRow.extend({ key_prefix: z.string(), created_at: RowTime, revoked_at: RowTime.nullable() })

/** Keys in Postgres, by their hash only. */
export function createPostgresKeys({ db }: Pick<Database, 'db'>): KeyStore {
  return {
    async find(keyHash) {
      const { rows } = await sql`
        select id, tenant, name, scopes, roles, expires_at, limits from api_keys
        where key_hash = ${Buffer.from(keyHash, 'hex')} and revoked_at is null and (expires_at is null or expires_at > now())
      `.execute(db)
      return rows[0] === undefined ? undefined : toIdentity(rows[0])
    },
    async findApprover({ tenant, name }) {
      const { rows } = await sql`
        select id, tenant, name, scopes, roles, expires_at, limits from api_keys
        where tenant = ${tenant} and name = ${name} and scopes && array['approve', 'admin']
          and revoked_at is null and (expires_at is null or expires_at > now())
        order by created_at desc, id desc limit 1
      `.execute(db)
      return rows[0] === undefined ? undefined : toIdentity(rows[0])
    },
    async findValid(keyIds) {
      const { rows } = await sql`
        select id from api_keys
        where id = any(${keyIds}::text[]) and revoked_at is null and (expires_at is null or expires_at > now())
      `.execute(db)
      return new Set(rows.map((row) => parseValue(z.object({ id: z.string() }), row, 'a key row').id))
    },
    async insert(key) {
      const { rows } = await sql`
        insert into api_keys (id, tenant, name, key_hash, key_prefix, scopes, roles, expires_at, limits)
        values (${key.id}, ${key.tenant}, ${key.name}, ${Buffer.from(key.keyHash, 'hex')}, ${key.preview}, ${key.scopes}::text[], ${key.roles}::text[], ${key.expiresAt ?? null}::timestamptz, ${key.limits === undefined ? null : JSON.stringify(key.limits)}::jsonb)
        on conflict (key_hash) do nothing returning id
      `.execute(db)
      return rows.length > 0
    },
    list: (query) => listKeys(db, query),
    async revoke({ tenant, keyId }) {
      const { rows } = await sql`
        update api_keys set revoked_at = coalesce(revoked_at, now())
        where id = ${keyId} and (${tenant ?? null}::text is null or tenant = ${tenant ?? null}) returning tenant
      `.execute(db)
      return rows[0] === undefined ? undefined : parseValue(IdentityRow.pick({ tenant: true }), rows[0], 'a key row').tenant
    },
  }
}

async function listKeys(
  db: Database['db'],
  { tenant, limit, after }: { tenant: string; limit: number; after: string | undefined },
) {
  const { rows } = await sql`
    select id, tenant, name, key_prefix, scopes, roles, created_at, expires_at, revoked_at, limits from api_keys
    where tenant = ${tenant}
      and (${after ?? null}::text is null or (created_at, id) < (select k.created_at, k.id from api_keys k where k.tenant = ${tenant} and k.id = ${after ?? null}))
    order by created_at desc, id desc
    limit ${limit + 1}
  `.execute(db)
  if (rows.length === 0 && after !== undefined) await requireKey(db, { tenant, keyId: after })
  return { data: rows.slice(0, limit).map(toRecord), hasMore: rows.length > limit }
}

async function requireKey(db: Database['db'], { tenant, keyId }: { tenant: string; keyId: string }): Promise<void> {
  const { rows } = await sql`select 1 from api_keys where tenant = ${tenant} and id = ${keyId}`.execute(db)
  if (rows.length === 0) throw new WeftError('invalid_request', `'after' names no key of this list`, { param: 'after' })
}

function toIdentity(row: unknown): KeyIdentity {
  const { id, expires_at, limits, ...key } = parseValue(IdentityRow, row, 'a key row')
  const expiresAtMs = expires_at === null ? undefined : Date.parse(expires_at)
  return { keyId: id, ...key, expiresAtMs, limits: limits ?? undefined }
}

function toRecord(row: unknown): KeyRecord {
  const { id, tenant, name, key_prefix, scopes, roles, created_at, expires_at, revoked_at, limits } = parseValue(
    KeyRow,
    row,
    'a key row',
  )
  return {
    id,
    tenant,
    name,
    preview: key_prefix,
    scopes,
    roles,
    createdAt: created_at,
    expiresAt: expires_at ?? undefined,
    revokedAt: revoked_at ?? undefined,
    limits: limits ?? undefined,
  }
}
