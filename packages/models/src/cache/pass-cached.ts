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

/** How the cache took part: the answer came from it (`hit`), was not in it (`miss`), or was not looked for (`bypass`). */
export type CacheUse = 'hit' | 'miss' | 'bypass'

export interface CachedCall {
  cache: AnswerCache
  model: ModelInfo
  scope: CallScope
  /** True: the cache is used, whatever the request asks for; false: it is not; undefined: it is used when answers do not differ by chance. */
  wish?: boolean | undefined
  ledger?: CallLedger | undefined
  receipt?: object | undefined
  /** Aborting it ends the wait for the answer of another call. */
  signal?: AbortSignal | undefined
  /** Told before the answer comes. */
  onUse?: ((use: CacheUse) => void) | undefined
  /** Told which model's answer is given again. */
  onModel?: ((modelId: string) => void) | undefined
  pass(): Promise<PassThroughAnswer>
}

/** Answers a chat completion body from the cache where that is as good as asking the model. A hit costs nothing, and is recorded in the ledger. Throws ModelError. */
export async function passCached(body: Record<string, unknown>, call: CachedCall): Promise<PassThroughAnswer> {
  const { cache, model, scope, wish, onUse, pass } = call
  if (!mayAnswerAgain(body, { wish, capabilities: model.capabilities })) {
    onUse?.('bypass')
    return pass()
  }
  const key = cacheKeyOf({ ...body, model: model.id }, scope.tenant)
  const kept = await cache.find(key)
  // Streams do not share: a reader that waits for another call's stream would see nothing until all of it has come.
  const isShared = body.stream !== true
  // From here until `lead` nothing is awaited, so that of two equal calls only one leads.
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

/** Waits for the answer of an equal call that is under way. Undefined when that answer may not be given again, so that this call asks for its own. */
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

/** A longer stream is not kept, and not gathered in memory either. */
const charsMax = 262_144

function replay({ isStreamed, pieces, inputTokens, outputTokens }: KeptAnswer, { priceKnown }: ModelInfo): PassThroughAnswer {
  const usage = { inputTokens, outputTokens, costUsd: 0, measured: true, priceKnown }
  if (!isStreamed) return { kind: 'body', body: pieces.join(''), usage }
  async function* chunks(): AsyncGenerator<string> {
    yield* pieces
  }
  return { kind: 'stream', chunks: chunks(), usage: () => usage }
}
