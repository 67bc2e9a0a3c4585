/** Bounds of one session; requests beyond them are refused or the oldest entries move to the database only. */
export const sessionLimits = {
  turnsKept: 20,
  /** Turns given up whose idempotency keys are still known. */
  pastRequestsMax: 200,
  turnsQueuedMax: 20,
  historyMessagesMax: 40,
  historyCharsMax: 200_000,
  replyTopicsMax: 20,
  progressEventsPerStepMax: 100,
  unloggedEventsMax: 5_000,
  /** How long an attempt waits for a place at its agent, in ms. Its deadline is put off by as long. */
  attemptWaitMsMax: 600_000,
} as const
