import type { ApprovalLog } from '../../approval-log.ts'
import type { DecideDeps } from '../../decide-approval.ts'

export interface ApprovalDeps extends DecideDeps {
  approvals: ApprovalLog
}
