import { contentOfBody } from '../attempt/call-content.ts'
import type { CallLedger } from '../attempt/call-controls.ts'
import type { CallScope } from '../attempt/call-scope.ts'
import type { ModelUsage } from '../model-event.ts'
import type { PassThroughAnswer } from '../pass-through.ts'
import type { ModelInfo } from '../registry/catalog.ts'
import type { AnswerCache, KeptAnswer } from './answer-cache.ts'
import { type CacheKey, cacheKeyOf } from './core/cache-key.ts'
import { isWorthKeeping, mayAnswerAgain } from './core/cacheable.ts'
import { noteCached } from './note-cached.ts'

/** How the cache took part: the answer came from it, was not there, or was not looked for. */
export type CacheUse = 'hit' | 'miss' | 'bypass'

export interface CachedCall {
  cache: AnswerCache
  model: ModelInfo
  scope: CallScope
  /** True: look and keep, whatever the request asks for; false: neither; undefined: where answers do not differ by chance. */
  wish?: boolean | undefined
  ledger?: CallLedger | undefined
  receipt?: object | undefined
  /** Ends the wait for an answer that another call is about to get. */
  signal?: AbortSignal | undefined
  /** Told before there is an answer. */
  onUse?: ((use: CacheUse) => void) | undefined
  /** Told which model's answer is given again. */
  onModel?: ((modelId: string) => void) | undefined
  pass(): Promise<PassThroughAnswer>
}

/** A chat completion body, answered from the cache where that is as good. A hit costs nothing, and the ledger knows of it. Throws ModelError. */
export async function passCached(body: Record<string, unknown>, call: CachedCall): Promise<PassThroughAnswer> {
  const { cache, model, scope, wish, onUse, pass } = call
  if (!mayAnswerAgain(body, { wish, capabilities: model.capabilities })) {
    onUse?.('bypass')
    return pass()
  }
  const key = cacheKeyOf({ ...body, model: model.id }, scope.tenant)
  const kept = await cache.find(key)
  // Readers of a stream would see nothing until all of it is there: they wait for nobody, and nobody for them.
  const isShared = body.stream !== true
  // Nothing is waited for between this look and the lead of a call that finds nobody to wait for.
  const flight = kept === undefined && isShared ? cache.flights.join(key.exact) : undefined
  const found = kept ?? (flight && (await joined(flight, call)))
  onUse?.(found === undefined ? 'miss' : 'hit')
  if (found === undefined) return isShared ? passLeading(key, call) : keeping(await pass(), { key, call })
  call.onModel?.(model.id)
  const { inputTokens, outputTokens } = found
  const { ledger, receipt } = call
  if (ledger !== undefined)
    await noteCached(ledger, { model, scope, content: contentOfBody(body, ''), inputTokens, outputTokens, receipt })
  return replay(found, model)
}

/** The answer that a call of the very same is getting now. One that is not to be given again is of no use to those who waited: each asks for its own. */
async function joined(flight: Promise<KeptAnswer | undefined>, { signal }: CachedCall): Promise<KeptAnswer | undefined> {
  if (signal === undefined) return flight
  if (signal.aborted) return undefined
  const left = Promise.withResolvers<undefined>()
  const leave = () => left.resolve(undefined)
  signal.addEventListener('abort', leave, { once: true })
  return Promise.race([flight, left.promise]).finally(() => signal.removeEventListener('abort', leave))
}

async function passLeading(key: CacheKey, call: CachedCall): Promise<PassThroughAnswer> {
  const land = call.cache.flights.lead(key.exact)
  let kept: KeptAnswer | undefined
  try {
    return keeping(await call.pass(), {
      key,
      call,
      onKept: (answer) => {
        kept = answer
      },
    })
  } finally {
    land(kept)
  }
}

interface Keeping {
  key: CacheKey
  call: CachedCall
  onKept?: (kept: KeptAnswer) => void
}

function keeping(answer: PassThroughAnswer, { key, call, onKept }: Keeping): PassThroughAnswer {
  const { cache, model } = call
  const keep = (pieces: string[], isStreamed: boolean, usage: ModelUsage | undefined) => {
    if (usage === undefined || !isWorthKeeping(pieces, { isStreamed, model: model.id })) return
    const { inputTokens, outputTokens } = usage
    const kept = { model: model.id, isStreamed, pieces, inputTokens, outputTokens }
    cache.keep(key, kept)
    onKept?.(kept)
  }
  if (answer.kind === 'body') {
    keep([answer.body], false, answer.usage)
    return answer
  }
  const { chunks, usage } = answer
  async function* noted(): AsyncGenerator<string> {
    const pieces: string[] = []
    let chars = 0
    for await (const chunk of chunks) {
      chars += chunk.length
      if (chars <= charsMax) pieces.push(chunk)
      yield chunk
    }
    if (chars <= charsMax) keep(pieces, true, usage())
  }
  return { ...answer, chunks: noted() }
}

/** A longer stream is not kept, and not held either. */
const charsMax = 262_144

function replay({ isStreamed, pieces, inputTokens, outputTokens }: KeptAnswer, { priceKnown }: ModelInfo): PassThroughAnswer {
  const usage = { inputTokens, outputTokens, costUsd: 0, measured: true, priceKnown }
  if (!isStreamed) return { kind: 'body', body: pieces.join(''), usage }
  async function* chunks(): AsyncGenerator<string> {
    yield* pieces
  }
  return { kind: 'stream', chunks: chunks(), usage: () => usage }
}
