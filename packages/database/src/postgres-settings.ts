import { liveSettings, parseValue, SettingName } from '@weft/contracts'
import { sql } from 'kysely'
import { z } from 'zod'
import type { SetSetting, SettingsStore } from './live-settings.ts'
import type { Database } from './open-database.ts'
import { RowTime } from './row-time.ts'

const Version = z.object({ version: z.coerce.number() })
const Row = z.object({
  name: z.string(),
  value: z.unknown(),
  key_id: z.string(),
  key_name: z.string(),
  changed_at: RowTime,
})

/** Reads the settings that are set in the database. Those whose name or value this version does not know are left out. */
export function createSettingsStore({ db }: Pick<Database, 'db'>): SettingsStore {
  return {
    async version() {
      const { rows } = await sql`select coalesce(max(version), 0) as version from setting_changes`.execute(db)
      return parseValue(Version, rows[0], 'the version of the settings').version
    },
    async read() {
      const { rows } = await sql`
        select distinct on (name) name, value, key_id, key_name, changed_at from setting_changes order by name, version desc
      `.execute(db)
      return rows.flatMap((row) => knownOf(parseValue(Row, row, 'a setting')) ?? [])
    },
  }
}

function knownOf({ name, value, key_id, key_name, changed_at }: z.infer<typeof Row>): SetSetting | undefined {
  const known = SettingName.safeParse(name)
  if (!known.success || value === null) return undefined
  const parsed = liveSettings[known.data].value.safeParse(value)
  if (!parsed.success) return undefined
  return { name: known.data, value: parsed.data, updatedAt: changed_at, updatedBy: { keyId: key_id, name: key_name } }
}
