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
  /** Whether an earlier answer may be given again; undefined: only when answers do not differ by chance. */
  cached?: boolean | undefined
  /** Told, before the answer comes, how the cache takes part; not told when there is no cache. */
  onCache?: ((use: CacheUse) => void) | undefined
}

export interface Models {
  /** True when only the built-in model is available. */
  isOffline: boolean
  /** True when steps that name no model get the one that fits best: unless WEFT_DEFAULT_MODEL is set, WEFT_ROUTING is `off`, or only the built-in model is available. */
  isRouting: boolean
  /** The available model of this id, or undefined. A server at an address that the user set takes any name. */
  get(modelId: string): ModelInfo | undefined
  /** Every available model. Servers at an address that the user set are asked for theirs, at most once a minute. */
  list(): Promise<ModelInfo[]>
  /** WEFT_DEFAULT_MODEL, else the cheapest capable one of the first provider, else `offline/extractive`. Throws ModelError. */
  defaultModelId(): Promise<string>
  /** Asks a model. Ends with `finish` and `usage`; another model may answer as long as nothing has come. Iterating throws ModelError. */
  stream(request: ModelRequest, options: CallOptions): AsyncGenerator<ModelEvent>
  /** The events of `stream`, collected into one answer. */
  complete(request: ModelRequest, options: CallOptions): Promise<ModelAnswer>
  /** An OpenAI chat completion body, answered on OpenAI's wire by whichever provider; `model` is a public id, or `router/auto`. */
  passThrough(body: Record<string, unknown>, options: PassThroughOptions): Promise<PassThroughAnswer>
  /** Chooses among all available models: the cheapest that can, as far as answers are good enough. Throws ModelError. */
  route(request: RouteRequest): Promise<Route>
  /** Whether `route` would find a model for what is needed. */
  canRoute(request: Pick<RouteRequest, 'needs' | 'wishes'>): Promise<boolean>
  /** Vectors of texts or tokens, answered on OpenAI's wire. Throws ModelError. */
  embed(request: EmbeddingsRequest, options: CallOptions): Promise<EmbeddingAnswer>
  /** Asks the providers which models they serve. With `callsAs`, each model that writes is also called once, on that account. Throws ModelError. */
  check(options?: CheckWishes): Promise<ModelsReport>
  /** The models that would be available with this overlay. Throws RegistryError, which says where what is wrong. */
  withOverlay: LiveCatalog['withOverlay']
  /** The overlay that is in use from the file of WEFT_MODELS_FILE; undefined: there is none. */
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
  /** A registry in place of the package's. */
  registryFile?: string | undefined
  /** The overlay of the registry that may change while the process runs. Default: none. */
  overlay?: LiveOverlay | undefined
  timeouts?: Partial<ModelTimeouts> | undefined
  /** What every call has to pass. Default: nothing. */
  controls?: CallControls | undefined
  /** What is known of how good models are. Default: only what this process learns. */
  routing?: RoutingMemory | undefined
  /** The cache of answers. Default: none. */
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
      // Wishes are for the router. A request that names its model gets that one.
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
        // One attempt and no fallbacks: the answer of another model, or a second try, would say nothing of the model that is checked.
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

/** The hedging, whenever WEFT_HEDGING is `on`. It is one object, so that what it has seen of models outlasts a change of the setting. */
function hedgingBy(settings: ModelSettings) {
  const hedging = createHedging()
  return () => (textSetting(settings, 'WEFT_HEDGING') === 'on' ? hedging : undefined)
}

function mayRoute(settings: ModelSettings): boolean {
  return textSetting(settings, 'WEFT_DEFAULT_MODEL') === undefined && textSetting(settings, 'WEFT_ROUTING') !== 'off'
}
