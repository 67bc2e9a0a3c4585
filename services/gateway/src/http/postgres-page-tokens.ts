import { createHash } from 'node:crypto'
import { type Database, sql } from '@weft/database'
import type { PageTokens } from './page-tokens.ts'

/** Used tokens by their hash, until they would have expired anyway. */
export function createPostgresPageTokens({ db }: Pick<Database, 'db'>): PageTokens {
  return {
    async consume({ tenant, token, expiresAtMs }) {
      await sql`delete from used_page_tokens where tenant = ${tenant} and expires_at < now()`.execute(db)
      const { rows } = await sql`
        insert into used_page_tokens (tenant, token_hash, expires_at)
        values (${tenant}, ${hashOf(token)}, ${new Date(expiresAtMs).toISOString()}::timestamptz)
        on conflict do nothing returning token_hash
      `.execute(db)
      return rows.length > 0
    },
    async release({ tenant, token }) {
      await sql`delete from used_page_tokens where tenant = ${tenant} and token_hash = ${hashOf(token)}`.execute(db)
    },
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
