import type { ServerResponse } from 'node:http'
import type { WeftOptions } from '@weft/contracts'
import type { Models, PassThroughAnswer } from '@weft/models'
import type { OpenAnswer } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import { accountRequest } from './account-request.ts'
import type { AttemptCounts, RequestAttempts } from './count-attempts.ts'

export interface AskModelDeps {
  models: Pick<Models, 'passThrough'>
  attempts: AttemptCounts
}

export interface ModelQuestion {
  /** A chat completion body. */
  body: Record<string, unknown>
  weft: WeftOptions | undefined
  user: string | undefined
  /** The request's header `cache-control` forbids storing: no earlier answer is given again, and this one is not kept. */
  noStore: boolean
  response: ServerResponse
  open: OpenAnswer
  onModel?(modelId: string): void
}

/** Asks a model on the request's account and has `send` answer it. The client hanging up aborts the call upstream. */
export function askModel(
  { models, attempts }: AskModelDeps,
  { body, weft, user, noStore, response, open, onModel }: ModelQuestion,
  send: (answer: PassThroughAnswer, counted: RequestAttempts) => Promise<void>,
): Promise<void> {
  const { tenant, keyId } = identityOf(response)
  return accountRequest(attempts, { response, open }, async ({ counted, used }) => {
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
  })
}
