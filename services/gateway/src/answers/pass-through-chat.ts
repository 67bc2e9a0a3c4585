import type { ServerResponse } from 'node:http'
import type { ChatCompletionRequest } from '@weft/contracts'
import { ignoredChatFields, type Models } from '@weft/models'
import { deprecationHeaders } from '../core/deprecation-headers.ts'
import { failStream } from '../http/fail-stream.ts'
import { setHeaders } from '../http/handler.ts'
import type { OpenAnswer } from '../http/open-streams.ts'
import { identityOf } from '../http/request-context.ts'
import { createSseStream } from '../http/sse-stream.ts'
import { createTokenTally, settleTokens } from '../limits/limited-routes.ts'
import type { Log } from '../log.ts'
import { type AttemptCounts, attemptsOf, type RequestAttempts } from './count-attempts.ts'
import { nameIgnored } from './name-ignored.ts'

export interface PassThroughDeps {
  models: Pick<Models, 'passThrough' | 'get'>
  attempts: AttemptCounts
  logger: Pick<Log, 'error'>
}

interface PassThroughCall {
  chat: ChatCompletionRequest
  response: ServerResponse
  open: OpenAnswer
  /** The request's header `cache-control` says so. */
  noStore?: boolean
}

/** Sends a chat request to one model and its answer back as it comes. The client hanging up aborts the call upstream. */
export async function passThroughChat(
  { models, attempts, logger }: PassThroughDeps,
  { chat, response, open, noStore = false }: PassThroughCall,
): Promise<void> {
  const { weft, ...body } = chat
  const { tenant, keyId } = identityOf(response)
  const counted = await attemptsOf(attempts, response)
  const used = createTokenTally()
  try {
    const model = models.get(chat.model)
    setHeaders(response, deprecationHeaders(chat.model, model?.deprecated))
    nameIgnored(response, ignoredChatFields(body, model))
    const scope = { tenant, keyId, user: chat.safety_identifier ?? chat.user ?? undefined, agent: 'gateway' }
    const degraded = new Set<string>()
    const answer = await models.passThrough(body, {
      scope,
      wishes: weft?.routing,
      cached: noStore ? false : weft?.cache,
      onCache: (use) => response.setHeader('x-weft-cache', use),
      signal: open.signal,
      degraded,
      onFailedUse: (_model, usage) => used.add(usage),
      fallbacks: weft?.fallbacks,
      attemptsMax: counted.max,
      onAttempt: counted.begin,
    })
    if (degraded.size > 0) response.setHeader('x-weft-degraded', [...degraded].join(', '))
    if (answer.kind === 'body') {
      response.setHeader('content-type', 'application/json; charset=utf-8')
      response.end(answer.body)
      used.add(answer.usage)
    } else {
      await relayStream(answer.chunks, { response, open, logger, counted })
      used.add(answer.usage())
    }
  } catch (thrown) {
    if (open.hasReaderLeft()) return
    throw open.endReason() ?? (await counted.failed(thrown))
  } finally {
    settleTokens(response, used.total)
    if (open.hasReaderLeft()) await counted.left()
  }
}

interface RelayedStream extends Pick<PassThroughCall, 'response' | 'open'>, Pick<PassThroughDeps, 'logger'> {
  counted: RequestAttempts
}

async function relayStream(chunks: AsyncGenerator<string>, { response, open, logger, counted }: RelayedStream): Promise<void> {
  const sse = createSseStream(response, open)
  try {
    for await (const chunk of chunks) {
      await sse.relay(chunk)
      if (response.destroyed) break
    }
    sse.end()
  } catch (thrown) {
    failStream({ sse, response, logger }, open.endReason() ?? (await counted.failed(thrown)))
  }
}
