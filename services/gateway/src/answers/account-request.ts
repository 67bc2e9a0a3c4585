import type { ServerResponse } from 'node:http'
import type { OpenAnswer } from '../http/open-streams.ts'
import { createTokenTally, settleTokens, type TokenTally } from '../limits/limited-routes.ts'
import { type AttemptCounts, attemptsOf, type RequestAttempts } from './count-attempts.ts'

/** What a request uses of its key's limits, and of the attempts it and its repeats have. */
export interface RequestAccount {
  counted: RequestAttempts
  used: TokenTally
}

/**
 * Runs the calls of models that a request makes. Whatever comes of them, what was used is settled with the limits, and the attempts count for repeats.
 * Throws what the client is told; to one that has left nothing is said.
 */
export async function accountRequest(
  attempts: AttemptCounts,
  { response, open }: { response: ServerResponse; open: OpenAnswer },
  run: (account: RequestAccount) => Promise<void>,
): Promise<void> {
  const counted = await attemptsOf(attempts, response)
  const used = createTokenTally()
  try {
    await run({ counted, used })
  } catch (thrown) {
    if (open.hasReaderLeft()) return
    throw open.endReason() ?? (await counted.failed(thrown))
  } finally {
    settleTokens(response, used.total)
    if (open.hasReaderLeft()) await counted.left()
  }
}
