import type { LiveSettings } from '@weft/database'
import type { Models } from '@weft/models'
import type { AuditLog } from '../../audit/audit-log.ts'

export interface SettingsDeps {
  live: Pick<LiveSettings<object>, 'get' | 'version' | 'refresh'>
  /** The environment of this process, without what is set in the database. */
  environment: Readonly<Record<string, unknown>>
  audit: Pick<AuditLog, 'act'>
  /** Needed because the registry of models is a setting, and because other settings name models. */
  models: Pick<Models, 'withOverlay' | 'fileOverlay'>
}
