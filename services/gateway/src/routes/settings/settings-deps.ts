import type { LiveSettings } from '@weft/database'
import type { Models } from '@weft/models'
import type { AuditLog } from '../../audit/audit-log.ts'

export interface SettingsDeps {
  live: Pick<LiveSettings<object>, 'get' | 'version' | 'refresh'>
  /** This process's, without what is set in the database. */
  environment: Readonly<Record<string, unknown>>
  audit: Pick<AuditLog, 'act'>
  /** The registry of models is a setting, and other settings name what is in it. */
  models: Pick<Models, 'withOverlay' | 'fileOverlay'>
}
