import type { Agent } from 'undici'
import type { Embedder } from '@weft/contracts'
import type { CallControls } from './attempt/call-controls.ts'
import { defaultTimeouts, type ModelTimeouts } from './attempt/call-guard.ts'
import type { CallOptions, SingleCallOptions } from './attempt/call-options.ts'
import type { CallScope } from './attempt/call-scope.ts'
import { streamModel } from './attempt/stream-model.ts'
import { degradeCalls } from './budgets/degrade-calls.ts'
import type { AnswerCache } from './cache/answer-cache.ts'
import { type CacheUse, passCached } from './cache/pass-cached.ts'
import { collectAnswer, type ModelAnswer } from './complete-model.ts'
import { type EmbeddingAnswer, embedInputs } from './embeddings/embed-inputs.ts'
import type { EmbeddingsRequest } from './embeddings/embeddings-request.ts'
import type { ModelEvent } from './model-event.ts'
import type { ModelRequest } from './model-request.ts'
import { type ModelSettings, textSetting } from './model-settings.ts'
import { type PassThroughAnswer, passThrough } from './pass-through.ts'
import type { ModelInfo } from './registry/catalog.ts'
import { checkModels, type ModelsReport } from './registry/check-models.ts'
import { createLiveCatalog, type LiveCatalog, type LiveOverlay } from './registry/live-catalog.ts'
import { chainCalls, type SingleCalls } from './resilience/chain-calls.ts'
import { createHedging } from './resilience/hedging.ts'
import { createModelRouter, type Route, type RouteRequest } from './routing/model-router.ts'
import { passRouted, routedModelId } from './routing/pass-routed.ts'
import { createRoutingMemory, type RoutingMemory } from './routing/routing-memory.ts'
import { createSchemaJudge } from './routing/schema-judge.ts'
import { openKeptAgent } from './upstream/fetch-kept.ts'

export interface PassThroughOptions extends CallOptions {
  /** Whether an earlier answer may be given again; undefined: where answers do not differ by chance. */
  cached?: boolean | undefined
  /** Told, before there is an answer, how the cache takes part; never without one. */
  onCache?: ((use: CacheUse) => void) | undefined
}

export interface Models {
  /** True when only the built-in model is available. */
  isOffline: boolean
  /** True when steps without a model of their own get the one that fits best: unless WEFT_DEFAULT_MODEL or WEFT_ROUTING=off says otherwise. */
  isRouting: boolean
  /** The available model of this id, or undefined. Servers at an address of the user's take any name. */
  get(modelId: string): ModelInfo | undefined
  /** Every available model. Servers at an address of the user's are asked, at most once a minute. */
  list(): Promise<ModelInfo[]>
  /** WEFT_DEFAULT_MODEL, else the cheapest capable one of the first provider, else `offline/extractive`. Throws ModelError. */
  defaultModelId(): Promise<string>
  /** Throws ModelError from the first iteration on; ends with `finish` and `usage`. Another model may answer as long as nothing has come. */
  stream(request: ModelRequest, options: CallOptions): AsyncGenerator<ModelEvent>
  /** As `stream`, collected. */
  complete(request: ModelRequest, options: CallOptions): Promise<ModelAnswer>
  /** An OpenAI chat completion body, answered on OpenAI's wire by whichever provider; `model` is a public id, or `router/auto`. */
  passThrough(body: Record<string, unknown>, options: PassThroughOptions): Promise<PassThroughAnswer>
  /** Chooses among all available models: the cheapest that can, as far as answers are good enough. Throws ModelError. */
  route(request: RouteRequest): Promise<Route>
  /** Whether `route` would find a model for what is needed. */
  canRoute(request: Pick<RouteRequest, 'needs' | 'wishes'>): Promise<boolean>
  /** Vectors of texts or tokens, answered on OpenAI's wire. Throws ModelError. */
  embed(request: EmbeddingsRequest, options: CallOptions): Promise<EmbeddingAnswer>
  /** Asks the providers which models they serve; with `callsAs` each model that writes is called once, on that account. Throws ModelError. */
  check(options?: CheckWishes): Promise<ModelsReport>
  /** The models there would be with this overlay. Throws RegistryError, which names what is wrong where. */
  withOverlay: LiveCatalog['withOverlay']
  /** What is laid over the registry by the file of WEFT_MODELS_FILE, as it is in use; undefined: there is none. */
  fileOverlay: LiveCatalog['fileOverlay']
  stop(): Promise<void>
}

export interface CheckWishes {
  ids?: readonly string[] | undefined
  callsAs?: CallScope | undefined
}

export interface ModelsOptions {
  settings: ModelSettings
  telemetry: { logger: { info(message: string): unknown; warn?(message: string): unknown } }
  /** Another registry than the package's. */
  registryFile?: string | undefined
  /** What is laid over the registry while the process runs. Default: nothing. */
  overlay?: LiveOverlay | undefined
  timeouts?: Partial<ModelTimeouts> | undefined
  /** What every call has to pass. Default: nothing. */
  controls?: CallControls | undefined
  /** What is known of models' worth. Default: what this process learns. */
  routing?: RoutingMemory | undefined
  /** Answers that may be given again. Default: none. */
  cache?: AnswerCache | undefined
  /** Makes the vectors of the embedding model that runs in the mesh. Default: none, so that it cannot be asked. */
  localEmbedder?: Pick<Embedder, 'embed'> | undefined
}

/** The models these settings make available. Nothing is contacted before the first call. Throws RegistryError. */
export function createModels(options: ModelsOptions): Models {
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const { settings, registryFile, overlay, telemetry, controls = {}, localEmbedder } = options
  const catalog = createLiveCatalog({ settings, timeouts, logger: telemetry.logger, registryFile, overlay })
  let opened: Promise<Agent> | undefined
  const agent = () => {
    if (!catalog.isOffline) opened ??= openKeptAgent(timeouts)
    return opened
  }
  if (catalog.isOffline) telemetry.logger.info('no model provider is configured: answers come from the offline extractive model')
  const single: SingleCalls<SingleCallOptions> = {
    catalog,
    stream: (request, call) => streamModel(request, { catalog, timeouts, controls, ...call }),
    pass: (body, call) => passThrough(body, { catalog, timeouts, controls, agent: agent(), stream: single.stream, ...call }),
  }
  const memory = options.routing ?? createRoutingMemory({ logger: { warn: () => undefined } })
  const schemaJudge = createSchemaJudge()
  const router = createModelRouter({ catalog, memory, breakerOf: controls.breakers?.stateOf })
  const { stream, pass: passChained } = chainCalls(degradeCalls(single, { catalog, router }), hedgingBy(settings))
  const complete: Models['complete'] = (request, call) => collectAnswer(stream(request, call))
  const { cache } = options
  const pass = (body: Record<string, unknown>, { cached: wish, onCache: onUse, ...call }: PassThroughOptions) => {
    const ask = () => passChained(body, call)
    const model = cache === undefined || typeof body.model !== 'string' ? undefined : catalog.get(body.model)
    if (cache === undefined || model === undefined) return ask()
    const { scope, receipt, signal, onModel } = call
    return passCached(body, { cache, model, scope, receipt, signal, ledger: controls.ledger, wish, onUse, onModel, pass: ask })
  }
  return {
    get isOffline() {
      return catalog.isOffline
    },
    get isRouting() {
      return !catalog.isOffline && mayRoute(settings)
    },
    get: catalog.get,
    list: catalog.list,
    defaultModelId: catalog.defaultModelId,
    stream,
    complete,
    route: router.choose,
    canRoute: router.canChoose,
    passThrough(body, call) {
      // Wishes are of the model that the router chooses: whoever names one has no other.
      if (body.model !== routedModelId) return pass(body, { ...call, wishes: undefined })
      return passRouted(body, {
        router,
        judge: schemaJudge.judge,
        scope: call.scope,
        wishes: call.wishes,
        onModel: call.onModel,
        pass: (routed, more) => pass(routed, { ...call, ...more }),
      })
    },
    embed: (request, call) => embedInputs(request, { catalog, timeouts, controls, localEmbedder, ...call }),
    check: ({ ids, callsAs: scope } = {}) =>
      checkModels(catalog, {
        ids,
        // Another model's answer, or a second one, says nothing of the model that is checked.
        complete: scope && ((request, signal) => complete(request, { scope, signal, fallbacks: [], attemptsMax: 1 })),
      }),
    withOverlay: catalog.withOverlay,
    fileOverlay: catalog.fileOverlay,
    async stop() {
      catalog.stop()
      await schemaJudge.stop()
      await (await opened)?.destroy()
    },
  }
}

/** What has been seen of models is kept while WEFT_HEDGING is on, and whenever it is on again. */
function hedgingBy(settings: ModelSettings) {
  const hedging = createHedging()
  return () => (textSetting(settings, 'WEFT_HEDGING') === 'on' ? hedging : undefined)
}

function mayRoute(settings: ModelSettings): boolean {
  return textSetting(settings, 'WEFT_DEFAULT_MODEL') === undefined && textSetting(settings, 'WEFT_ROUTING') !== 'off'
}
