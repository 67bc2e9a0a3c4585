import { liveSettings, type RetentionDays, type TenantRetention } from '@weft/contracts'

/** Days for which a tenant's sessions, calls, and audit log and history of approvals are kept; undefined: for ever. */
export interface RetentionLimits {
  sessions: number | undefined
  calls: number | undefined
  audit: number | undefined
}

export interface RetentionSettings {
  WEFT_SESSION_RETENTION_DAYS?: RetentionDays | undefined
  WEFT_LEDGER_DAYS?: RetentionDays | undefined
  WEFT_AUDIT_RETENTION_DAYS?: RetentionDays | undefined
  WEFT_TENANT_RETENTION?: TenantRetention | undefined
}

/** What holds for a tenant: its own where it has any, else what holds for all. */
export function limitsOf(settings: RetentionSettings, tenant: string): RetentionLimits {
  const own = Object.entries(settings.WEFT_TENANT_RETENTION ?? {}).find(([name]) => name === tenant)?.[1]
  const { sessionRetentionDays, callRetentionDays, auditRetentionDays } = liveSettings
  return {
    sessions: daysOf(own?.sessions ?? settings.WEFT_SESSION_RETENTION_DAYS ?? sessionRetentionDays.default),
    calls: daysOf(own?.calls ?? settings.WEFT_LEDGER_DAYS ?? callRetentionDays.default),
    audit: daysOf(own?.audit ?? settings.WEFT_AUDIT_RETENTION_DAYS ?? auditRetentionDays.default),
  }
}

function daysOf(days: RetentionDays): number | undefined {
  return days === 'none' ? undefined : days
}
