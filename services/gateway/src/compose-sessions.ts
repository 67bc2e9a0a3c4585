import type { Database } from '@weft/database'
import type { Sidecar } from '@weft/mesh'
import { createApprovalTail } from './approvals/approval-tail.ts'
import { createPostgresApprovals } from './approvals/postgres-approvals.ts'
import { createSessions } from './sessions/dapr-sessions.ts'
import { namingLost } from './sessions/name-lost-sessions.ts'
import { createPostgresFeedback } from './sessions/postgres-feedback.ts'
import { createPostgresLogReach } from './sessions/postgres-log-reach.ts'
import { createPostgresRefusedTurns } from './sessions/postgres-refused-turns.ts'
import { createPostgresSessionLog } from './sessions/postgres-sessions.ts'
import { createReplyHub } from './sessions/reply-hub.ts'
import { settledApprovals, settledFeedback, settledSessionLog, tellingHub, tellingSessions } from './sessions/settled-lists.ts'
import { createToldSessions } from './sessions/told-sessions.ts'

/** Sessions, their replies, and what the log keeps of them, of approvals and of feedback, which is never behind what this gateway told of them. */
export function composeSessions({
  sidecar,
  database,
  onProblem,
}: {
  sidecar: Sidecar
  database: Database
  onProblem: (cause: unknown) => void
}) {
  const told = createToldSessions(createPostgresLogReach(database))
  const approvals = createPostgresApprovals(database)
  const log = createPostgresSessionLog(database)
  return {
    sessions: tellingSessions(namingLost(createSessions(sidecar), log), told),
    hub: tellingHub(createReplyHub(), told),
    log: settledSessionLog(log, told),
    feedback: settledFeedback(createPostgresFeedback(database), told),
    approvals: settledApprovals(approvals, told),
    refusedTurns: createPostgresRefusedTurns(database),
    approvalTail: createApprovalTail({ approvals, onProblem }),
  }
}
