import { createSettingsStore, type Database, sql, storableJson } from '@weft/database'
import type { SettingChanges } from './setting-changes.ts'

/** Has to be given a transaction as `db`: `write` takes a lock that the end of the transaction releases. */
export function createPostgresSettingChanges({ db }: Pick<Database, 'db'>): SettingChanges {
  const store = createSettingsStore({ db })
  return {
    async write({ settings, by, afterVersion }) {
      await sql`lock table setting_changes in exclusive mode`.execute(db)
      if ((await store.version()) !== afterVersion) return false
      await sql`
        insert into setting_changes (version, name, value, key_id, key_name)
        select ${afterVersion + 1}, key, nullif(value, 'null'::jsonb), ${by.keyId}, ${by.name}
        from jsonb_each(${storableJson(settings)}::jsonb)
      `.execute(db)
      return true
    },
  }
}
