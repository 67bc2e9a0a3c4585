import type { ApprovalLog } from '../../approvals/approval-log.ts'
import type { DecideDeps } from '../../approvals/decide-approval.ts'

export interface ApprovalDeps extends DecideDeps {
  approvals: ApprovalLog
}
