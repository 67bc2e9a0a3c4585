import type { Agent } from 'undici'
import { defaultTimeouts, guardCall, type ModelTimeouts } from './call-guard.ts'
import { type Catalog, type ModelInfo, requireModel } from './catalog.ts'
import { collectAnswer, type ModelAnswer } from './complete-model.ts'
import { estimateInputTokens } from './estimate-tokens.ts'
import { ModelError } from './model-error.ts'
import type { ModelEvent, TokenCounts } from './model-event.ts'
import type { ModelRequest } from './model-request.ts'
import type { ModelSettings } from './model-settings.ts'
import { observeCall } from './observe-call.ts'
import { type PassThroughAnswer, passThrough } from './pass-through.ts'
import { estimateTokensOf, usageOf } from './price-tokens.ts'
import { upstreamNameOf } from './read-registry.ts'
import { checkModels, type ModelsReport } from './registry/check-models.ts'
import { createLiveCatalog } from './registry/live-catalog.ts'

export interface CallOptions {
  /** Aborting it cancels the call upstream. */
  signal?: AbortSignal | undefined
}

export interface Models {
  /** True when only the built-in model is available. */
  isOffline: boolean
  /** The available model of this id, or undefined. Servers at an address of the user's take any name. */
  get(modelId: string): ModelInfo | undefined
  /** Every available model. Servers at an address of the user's are asked, at most once a minute. */
  list(): Promise<ModelInfo[]>
  /** WEFT_DEFAULT_MODEL, else the cheapest capable one of the first provider, else `offline/extractive`. Throws ModelError. */
  defaultModelId(): Promise<string>
  /** One attempt at one model. Throws ModelError from the first iteration on; ends with `finish` and `usage`. */
  stream(request: ModelRequest, options?: CallOptions): AsyncGenerator<ModelEvent>
  /** As `stream`, collected. */
  complete(request: ModelRequest, options?: CallOptions): Promise<ModelAnswer>
  /** An OpenAI chat completion body, answered on OpenAI's wire by whichever provider; `model` is a public id. */
  passThrough(body: Record<string, unknown>, options?: CallOptions): Promise<PassThroughAnswer>
  /** Asks the providers which models they serve; with `callsAs` each model that writes is called once, on that account. Throws ModelError. */
  check(options?: CheckWishes): Promise<ModelsReport>
  stop(): Promise<void>
}

export interface CheckWishes {
  ids?: readonly string[] | undefined
  callsAs?: object | undefined
}

export interface ModelsOptions {
  settings: ModelSettings
  telemetry: { logger: { info(message: string): unknown; warn?(message: string): unknown } }
  /** Another registry than the package's. */
  registryFile?: string | undefined
  timeouts?: Partial<ModelTimeouts> | undefined
}

/** The models these settings make available. Nothing is contacted before the first call. Throws RegistryError. */
export function createModels(options: ModelsOptions): Models {
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const { settings, registryFile, telemetry } = options
  const catalog = createLiveCatalog({ settings, timeouts, logger: telemetry.logger, registryFile })
  let opened: Promise<Agent> | undefined
  const agent = () => {
    if (!catalog.isOffline) opened ??= openConnections(timeouts)
    return opened
  }
  if (catalog.isOffline) telemetry.logger.info('no model provider is configured: answers come from the offline extractive model')
  const stream: Models['stream'] = (request, { signal } = {}) => streamModel(request, { catalog, timeouts, signal })
  const complete: Models['complete'] = (request, call) => collectAnswer(stream(request, call))
  return {
    get isOffline() {
      return catalog.isOffline
    },
    get: catalog.get,
    list: catalog.list,
    defaultModelId: catalog.defaultModelId,
    stream,
    complete,
    passThrough: (body, { signal } = {}) => passThrough(body, { catalog, timeouts, agent: agent(), stream, signal }),
    check: ({ ids, callsAs } = {}) =>
      checkModels(catalog, {
        ids,
        complete: callsAs && ((request, signal) => complete(request, { signal })),
      }),
    async stop() {
      catalog.stop()
      await (await opened)?.destroy()
    },
  }
}

/** Kept-alive connections for relayed calls; loaded only where a provider may need them. */
async function openConnections({ connectMs }: ModelTimeouts): Promise<Agent> {
  const undici = await import('undici')
  return new undici.Agent({ connect: { timeout: connectMs } })
}

interface StreamContext {
  catalog: Catalog
  timeouts: ModelTimeouts
  signal?: AbortSignal | undefined
}

async function* streamModel(request: ModelRequest, { catalog, timeouts, signal }: StreamContext): AsyncGenerator<ModelEvent> {
  const { model, provider } = requireModel(catalog, request.model)
  const guard = guardCall({ signal, firstMs: timeouts.firstTokenMs, betweenMs: timeouts.betweenTokensMs, what: model.id })
  const observed = observeCall({ model, request })
  let tokens: TokenCounts | undefined
  let chars = 0
  const inputTokens = () => estimateInputTokens(request.messages)
  const usage = () => usageOf(model, tokens, () => estimateTokensOf({ inputTokens, outputChars: chars, failure }))
  let failure: ModelError | undefined
  try {
    if (guard.signal.aborted) throw guard.signal.reason
    const { capabilities, outputTokensMax } = model
    const call = { request, modelName: upstreamNameOf(model.id), capabilities, outputTokensMax, signal: guard.signal }
    for await (const event of provider.provider.stream(call)) {
      guard.touch()
      if (event.type === 'tokens') tokens = event
      else if (event.type === 'response') observed.response(event)
      else {
        chars += charsOf(event)
        if (event.type === 'finish') observed.finish(event.reason)
        else observed.firstToken()
        yield event
      }
    }
    const reason = guard.reason()
    if (reason !== undefined) throw reason
    yield { type: 'usage', ...usage() }
  } catch (thrown) {
    failure = guard.reason() ?? asModelError(thrown, model.id)
    throw failure
  } finally {
    guard.end()
    // A reader that stops early leaves the call running upstream unless it is aborted here.
    guard.abort()
    observed.end(usage(), failure)
  }
}

function charsOf(event: ModelEvent): number {
  if (event.type === 'text' || event.type === 'reasoning') return event.delta.length
  return event.type === 'tool_call' ? event.argumentsDelta.length : 0
}

function asModelError(thrown: unknown, modelId: string): ModelError {
  if (thrown instanceof ModelError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new ModelError('upstream_error', `${modelId}: ${message}`, { cause: thrown })
}
