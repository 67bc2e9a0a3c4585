import { createAnthropicProvider } from '../anthropic/anthropic-provider.ts'
import { defaultTimeouts, type ModelTimeouts, type Patience } from '../attempt/call-guard.ts'
import { localEmbeddingModel } from '../local-embedder/local-embedder.ts'
import { ModelError } from '../model-error.ts'
import { type ModelSettings, textSetting } from '../model-settings.ts'
import { createOfflineProvider } from '../offline/offline-provider.ts'
import { createOpenAiProvider, streamChat } from '../openai/openai-provider.ts'
import { notInResponses } from '../openai/response-body.ts'
import { streamResponse } from '../openai/stream-response.ts'
import type { ModelProvider, ProviderConnection } from '../provider.ts'
import { createVoyageProvider } from '../remote-embedder/voyage-provider.ts'
import {
  type Deprecation,
  type ModelEntry,
  type Price,
  type ProviderSpec,
  providerOf,
  type Registry,
  upstreamNameOf,
} from './read-registry.ts'

/** An available model. What the registry does not know is undefined. `priceKnown` is whether the registry has a price of it. */
export interface ModelInfo {
  id: string
  provider: string
  aliases?: readonly string[] | undefined
  capabilities?: readonly string[] | undefined
  price?: Price | undefined
  priceKnown: boolean
  contextTokens?: number | undefined
  outputTokensMax?: number | undefined
  firstTokenMs?: number | undefined
  /** How long a call may be silent, if that differs from other models of its provider. */
  timeouts?: Patience | undefined
  /** Models that answer in its place when it does not, in this order. */
  fallbacks?: readonly string[] | undefined
  /** The length of an embedding model's vectors. */
  dimensions?: number | undefined
  deprecated?: Deprecation | undefined
  /** Whether chat completions are translated to another wire, which lacks some of their fields. */
  isTranslated?: boolean | undefined
  /** Whether its wire has no field for stop sequences. */
  lacksStopSequences?: boolean | undefined
}

/** A provider that can be called: it has a key, or an address of its own. */
export interface AvailableProvider {
  spec: ProviderSpec
  provider: ModelProvider
  connection?: ProviderConnection | undefined
  /** Whether it may serve any model, and perhaps none of the registry's: so does a server at an address that the user set. */
  servesUnlisted: boolean
}

export interface Catalog {
  isOffline: boolean
  /** The providers that can be called, in the registry's order. */
  providers(): readonly AvailableProvider[]
  provider(modelId: string): AvailableProvider | undefined
  get(modelId: string): ModelInfo | undefined
  list(): Promise<ModelInfo[]>
  defaultModelId(): Promise<string>
}

export const offlineModelId = 'offline/extractive'

/** The models that can be called with these settings. Servers at an address that the user set are asked which models they have. */
export function createCatalog(registry: Registry, settings: ModelSettings, timeouts: ModelTimeouts = defaultTimeouts): Catalog {
  const available = registry.providers.flatMap((spec) => openProvider(spec, settings, timeouts) ?? [])
  const entries = new Map(registry.models.map((entry) => [entry.id, entry]))
  const idOf = new Map(registry.models.flatMap(({ id, aliases }) => (aliases ?? []).map((alias) => [alias, id])))
  const namesOf = new Map(available.map((each) => [each.spec.id, rememberNames(each.provider)]))
  const provider = (name: string) => {
    const id = providerOf(idOf.get(name) ?? name)
    return available.find((each) => each.spec.id === id)
  }

  const get = (name: string): ModelInfo | undefined => {
    const modelId = idOf.get(name) ?? name
    const found = provider(modelId)
    const entry = entries.get(modelId)
    if (found === undefined || upstreamNameOf(modelId) === '') return undefined
    if (entry !== undefined) return infoOf(entry, found.spec)
    if (!found.servesUnlisted) return undefined
    const { id, unlistedPrice: price } = found.spec
    const priced = price === undefined ? { priceKnown: false } : { price, priceKnown: true }
    return { id: modelId, provider: id, ...priced, ...wireOf(found.spec) }
  }

  const modelsOf = async (each: AvailableProvider): Promise<ModelInfo[]> => {
    if (!each.servesUnlisted)
      return registry.models.flatMap((entry) => (providerOf(entry.id) === each.spec.id ? [infoOf(entry, each.spec)] : []))
    const names = (await namesOf.get(each.spec.id)?.()) ?? []
    return names.flatMap((name) => get(`${each.spec.id}/${name}`) ?? [])
  }

  return {
    isOffline: available.every(({ connection, spec }) => connection === undefined || spec.wire === 'voyage'),
    providers: () => available,
    provider,
    get,
    async list() {
      // A server that is down serves no model now, but the others are still listed.
      const lists = await Promise.all(available.map((each) => modelsOf(each).catch(() => [])))
      return lists.flat()
    },
    async defaultModelId() {
      const wished = textSetting(settings, 'WEFT_DEFAULT_MODEL')
      if (wished !== undefined) return requireKnown(wished, get)
      const first = available[0]
      if (first === undefined) return offlineModelId
      const models = await modelsOf(first)
      const chosen = cheapest(models) ?? models[0]
      if (chosen === undefined)
        throw new ModelError('model_not_found', `${first.spec.id} serves no model; set WEFT_DEFAULT_MODEL`)
      return chosen.id
    },
  }
}

/** The model and its provider; throws ModelError `model_not_found` saying which of the two is missing. */
export function requireModel(catalog: Catalog, modelId: string): { model: ModelInfo; provider: AvailableProvider } {
  const model = catalog.get(modelId)
  const provider = catalog.provider(modelId)
  if (model !== undefined && provider !== undefined) return { model, provider }
  const why = provider === undefined ? 'no such provider is set up' : 'the provider is known, this model is not'
  throw new ModelError('model_not_found', `The model '${modelId}' is not available: ${why}.`, { param: 'model' })
}

function openProvider(spec: ProviderSpec, settings: ModelSettings, timeouts: ModelTimeouts): AvailableProvider | undefined {
  if (spec.wire === 'offline') return { spec, provider: createOfflineProvider(), servesUnlisted: false }
  if (spec.wire === 'local') return openLocal(spec, settings)
  const apiKey = textSetting(settings, spec.keyVariable)
  const override = textSetting(settings, spec.baseUrlVariable)
  const needsKey = spec.keyVariable !== undefined && apiKey === undefined
  const baseUrl = override ?? (needsKey ? undefined : spec.baseUrl)
  if (baseUrl === undefined) return undefined
  const { id, keyVariable, streamUsage } = spec
  const isOverridden = override !== undefined && override !== spec.baseUrl
  // All compatible servers know the older name of the limit, but only some know the newer one.
  const maxTokensField = isOverridden ? 'max_tokens' : spec.maxTokensField
  const connection: ProviderConnection = { id, baseUrl, apiKey, keyVariable, streamUsage, maxTokensField, timeouts }
  const provider = providerOn(spec, connection)
  return { spec, provider, connection, servesUnlisted: spec.wire !== 'voyage' && (isOverridden || spec.servesUnlisted) }
}

function providerOn({ wire }: ProviderSpec, connection: ProviderConnection): ModelProvider {
  if (wire === 'anthropic') return createAnthropicProvider(connection)
  if (wire === 'voyage') return createVoyageProvider(connection)
  return createOpenAiProvider(connection, wire === 'responses' ? streamResponse : streamChat)
}

/** Opens the provider of the model that runs in the mesh, which only embeds. */
function openLocal(spec: ProviderSpec, settings: ModelSettings): AvailableProvider | undefined {
  if (textSetting(settings, spec.baseUrlVariable) === undefined) return undefined
  const provider: ModelProvider = {
    id: spec.id,
    stream({ modelName }) {
      throw new ModelError('invalid_request', `${spec.id}/${modelName} makes embeddings and no text`, { param: 'model' })
    },
    listModelNames: async () => [upstreamNameOf(localEmbeddingModel.id)],
  }
  return { spec, provider, servesUnlisted: false }
}

function infoOf(entry: ModelEntry, spec: ProviderSpec): ModelInfo {
  const { capabilities } = entry
  const possible = spec.wire === 'responses' ? capabilities.filter((each) => !notInResponses.has(each)) : capabilities
  return { ...entry, capabilities: possible, provider: spec.id, priceKnown: true, ...wireOf(spec) }
}

function wireOf({ wire }: ProviderSpec): Pick<ModelInfo, 'isTranslated' | 'lacksStopSequences'> {
  if (wire === 'openai') return {}
  return wire === 'responses' ? { isTranslated: true, lacksStopSequences: true } : { isTranslated: true }
}

function requireKnown(modelId: string, get: Catalog['get']): string {
  if (get(modelId) !== undefined) return modelId
  throw new ModelError('model_not_found', `WEFT_DEFAULT_MODEL names '${modelId}', which no provider with a key or address serves`)
}

/** The cheapest model that can hold a conversation with tools. Input weighs three times as much as output, because prompts with evidence are long. */
function cheapest(models: ModelInfo[]): ModelInfo | undefined {
  const cost = ({ price }: ModelInfo) => (price === undefined ? Number.POSITIVE_INFINITY : 3 * price.inputUsd + price.outputUsd)
  return models.filter((model) => model.price !== undefined && isCapable(model)).toSorted((a, b) => cost(a) - cost(b))[0]
}

function isCapable({ provider, capabilities }: ModelInfo): boolean {
  return provider === 'offline' || ['chat', 'tools'].every((capability) => capabilities?.includes(capability))
}

const namesKeptMs = 60_000
const namesTimeoutMs = 5_000

/** Asks a server for its models at most once a minute; callers share the answer. A failure is not kept. */
function rememberNames(provider: ModelProvider): () => Promise<string[]> {
  let asked: { at: number; names: Promise<string[]> } | undefined
  return () => {
    if (asked !== undefined && performance.now() - asked.at < namesKeptMs) return asked.names
    const names = provider.listModelNames(AbortSignal.timeout(namesTimeoutMs))
    asked = { at: performance.now(), names }
    names.catch(() => {
      asked = undefined
    })
    return names
  }
}
