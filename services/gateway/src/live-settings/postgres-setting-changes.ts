import { parseValue } from '@weft/contracts'
import { type Database, sql, storableJson } from '@weft/database'
import { z } from 'zod'
import type { SettingChanges } from './setting-changes.ts'

const Newest = z.object({ version: z.coerce.number() })

/** In the transaction that `db` is: the lock is held to its end. */
export function createPostgresSettingChanges({ db }: Pick<Database, 'db'>): SettingChanges {
  return {
    async write({ settings, by, afterVersion }) {
      await sql`lock table setting_changes in exclusive mode`.execute(db)
      const { rows } = await sql`select coalesce(max(version), 0) as version from setting_changes`.execute(db)
      if (parseValue(Newest, rows[0], 'the version of the settings').version !== afterVersion) return false
      await sql`
          insert into setting_changes (version, name, value, key_id, key_name)
          select ${afterVersion + 1}, key, nullif(value, 'null'::jsonb), ${by.keyId}, ${by.name}
          from jsonb_each(${storableJson(settings)}::jsonb)
        `.execute(db)
      return true
    },
  }
}
