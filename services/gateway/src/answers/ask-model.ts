import type { ServerResponse } from 'node:http'
import type { WeftOptions } from '@weft/contracts'
import type { Models, PassThroughAnswer } from '@weft/models'
import type { OpenAnswer } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import { createTokenTally, settleTokens } from '../limits/limited-routes.ts'
import { type AttemptCounts, attemptsOf, type RequestAttempts } from './count-attempts.ts'

export interface AskModelDeps {
  models: Pick<Models, 'passThrough'>
  attempts: AttemptCounts
}

export interface ModelQuestion {
  /** A chat completion body. */
  body: Record<string, unknown>
  weft: WeftOptions | undefined
  user: string | undefined
  /** The request's header `cache-control` says so. */
  noStore: boolean
  response: ServerResponse
  open: OpenAnswer
  onModel?(modelId: string): void
}

/**
 * Asks a model for a request and has `send` answer it. The client hanging up aborts the call upstream. Whatever comes of it, what was used is settled with the
 * limits, and the attempts count for repeats.
 */
export async function askModel(
  { models, attempts }: AskModelDeps,
  { body, weft, user, noStore, response, open, onModel }: ModelQuestion,
  send: (answer: PassThroughAnswer, counted: RequestAttempts) => Promise<void>,
): Promise<void> {
  const { tenant, keyId } = identityOf(response)
  const counted = await attemptsOf(attempts, response)
  const used = createTokenTally()
  try {
    const degraded = new Set<string>()
    const answer = await models.passThrough(body, {
      scope: { tenant, keyId, user, agent: 'gateway' },
      wishes: weft?.routing,
      cached: noStore ? false : weft?.cache,
      onCache: (use) => response.setHeader('x-weft-cache', use),
      signal: open.signal,
      degraded,
      onFailedUse: (_model, usage) => used.add(usage),
      fallbacks: weft?.fallbacks,
      attemptsMax: counted.max,
      onAttempt: counted.begin,
      onModel,
    })
    if (degraded.size > 0) response.setHeader('x-weft-degraded', [...degraded].join(', '))
    await send(answer, counted)
    used.add(answer.kind === 'body' ? answer.usage : answer.usage())
    if (!open.hasReaderLeft()) counted.succeeded()
  } catch (thrown) {
    if (open.hasReaderLeft()) return
    throw open.endReason() ?? (await counted.failed(thrown))
  } finally {
    settleTokens(response, used.total)
    if (open.hasReaderLeft()) await counted.left()
  }
}
