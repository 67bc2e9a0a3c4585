import type { ServerResponse } from 'node:http'
import type { OpenAnswer } from '../http/open-streams.ts'
import { createTokenTally, settleTokens, type TokenTally } from '../limits/limited-routes.ts'
import { type AttemptCounts, attemptsOf, type RequestAttempts } from './count-attempts.ts'

/** The attempts at models that a request and its repeats have, and the tokens the request has used. */
export interface RequestAccount {
  counted: RequestAttempts
  used: TokenTally
}

/**
 * Runs the calls of models that a request makes. However they end, the tokens used count for the limits, and the attempts made count for repeats. Throws what
 * the client is to be told; nothing when the client has left.
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
