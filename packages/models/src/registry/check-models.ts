import { errorMessage } from '@weft/contracts'
import type { ModelAnswer } from '../complete-model.ts'
import { ModelError } from '../model-error.ts'
import type { ModelRequest } from '../model-request.ts'
import type { AvailableProvider, Catalog, ModelInfo } from './catalog.ts'
import type { RegistryState } from './live-catalog.ts'
import { type Deprecation, providerOf, type Registry, upstreamNameOf } from './read-registry.ts'

export interface ModelCheck {
  id: string
  /** Whether the provider lists it; undefined when the provider could not be asked. */
  isServed: boolean | undefined
  isPriceKnown: boolean
  deprecated?: Deprecation | undefined
  /** How a call went; undefined when none was asked for. */
  call?: { ok: boolean; durationMs: number; costUsd: number; problem?: string } | undefined
}

export interface ProviderCheck {
  provider: string
  wire: string
  baseUrl?: string | undefined
  isSetUp: boolean
  /** The environment variables that set it up. */
  variables: string[]
  isReachable?: boolean | undefined
  /** Undefined when the provider could not be asked. */
  isKeyValid?: boolean | undefined
  durationMs?: number | undefined
  problem?: string | undefined
  models: ModelCheck[]
}

export interface ModelsReport {
  /** Whether the registry is in use as it was last written, and all providers that are set up are reached, take their key, serve their models, and answer calls. */
  ok: boolean
  registry: RegistryState
  providers: ProviderCheck[]
}

export interface CheckOptions {
  /** Only these models; default: all that are available. */
  ids?: readonly string[] | undefined
  /** Makes a call; given when each model is to be called. */
  complete?: ((request: ModelRequest, signal: AbortSignal) => Promise<ModelAnswer>) | undefined
}

/** How long a provider may take to list its models. */
const listTimeoutMs = 10_000
/** How long a call may take that asks for next to nothing. */
const callTimeoutMs = 30_000
const callTokensMax = 16

/** Asks every provider that is set up for its models, all at once. Throws ModelError for an id that is not available. */
export async function checkModels(
  catalog: Catalog & { registry(): Registry; state(): RegistryState },
  options: CheckOptions = {},
): Promise<ModelsReport> {
  const wanted = options.ids?.map((id) => wantedModel(catalog, id))
  const setUp = new Map(catalog.providers().map((each) => [each.spec.id, each]))
  const asked = wanted === undefined ? undefined : new Set(wanted.map(({ provider }) => provider))
  const specs = catalog.registry().providers.filter(({ id }) => asked?.has(id) ?? true)
  const providers = await Promise.all(
    specs.map(async (spec): Promise<ProviderCheck> => {
      const found = setUp.get(spec.id)
      const variables = [spec.keyVariable, spec.baseUrlVariable].filter((name) => name !== undefined)
      const facts = { provider: spec.id, wire: spec.wire, variables }
      if (found === undefined) return { ...facts, isSetUp: false, models: [] }
      const models = wanted?.filter(({ provider }) => provider === spec.id)
      return { ...facts, isSetUp: true, ...(await checkProvider(catalog, found, { ...options, models })) }
    }),
  )
  const ok = catalog.state().problem === undefined && providers.every(isFine)
  return { ok, registry: catalog.state(), providers }
}

function wantedModel(catalog: Catalog, id: string): ModelInfo {
  const model = catalog.get(id)
  if (model === undefined) throw new ModelError('model_not_found', `there is no model '${id}' to check`, { param: 'models' })
  return model
}

function isFine({ isSetUp, problem, models }: ProviderCheck): boolean {
  if (!isSetUp) return true
  return problem === undefined && models.every(({ isServed, call }) => isServed !== false && call?.ok !== false)
}

async function checkProvider(
  catalog: Catalog & { registry(): Registry },
  found: AvailableProvider,
  { complete, models }: CheckOptions & { models: ModelInfo[] | undefined },
): Promise<Omit<ProviderCheck, 'provider' | 'wire' | 'isSetUp' | 'variables'>> {
  const { connection } = found
  const listed = await listNames(found)
  // Voyage has no list of models; asking for one only checks its key.
  const isListed = listed.names !== undefined && found.spec.wire !== 'voyage'
  const names = isListed ? new Set(listed.names?.map(withoutPrefix)) : undefined
  const chosen = models ?? knownModels(catalog, found, listed.names ?? [])
  const checks: ModelCheck[] = []
  // One after another, so that a check does not become a load test.
  for (const model of chosen) {
    const isWriter = model.capabilities?.includes('chat') ?? true
    const isServed = names?.has(upstreamNameOf(model.id))
    checks.push({
      id: model.id,
      isServed,
      isPriceKnown: model.priceKnown,
      ...(model.deprecated === undefined ? {} : { deprecated: model.deprecated }),
      ...(complete === undefined || !isWriter || isServed === false ? {} : { call: await tryCall(model.id, complete) }),
    })
  }
  const { names: _, ...facts } = listed
  return { ...(connection === undefined ? {} : { baseUrl: connection.baseUrl }), ...facts, models: checks }
}

/** The provider's models in the registry; for a server at an address that the user set, those that it lists. */
function knownModels(
  catalog: Catalog & { registry(): Registry },
  { spec, servesUnlisted }: AvailableProvider,
  names: string[],
): ModelInfo[] {
  const listed = catalog.registry().models.filter(({ id }) => providerOf(id) === spec.id)
  const ids = servesUnlisted ? names.map((name) => `${spec.id}/${name}`) : listed.map(({ id }) => id)
  return ids.flatMap((id) => catalog.get(id) ?? [])
}

type Listed = Pick<ProviderCheck, 'isReachable' | 'isKeyValid' | 'durationMs' | 'problem'> & { names?: string[] | undefined }

async function listNames({ provider }: AvailableProvider): Promise<Listed> {
  const startedAt = performance.now()
  const durationMs = () => Math.round(performance.now() - startedAt)
  try {
    const names = await provider.listModelNames(AbortSignal.timeout(listTimeoutMs))
    return { names, isReachable: true, isKeyValid: true, durationMs: durationMs() }
  } catch (thrown) {
    const failure = thrown instanceof ModelError ? thrown : undefined
    const isRefused = failure?.code === 'authentication' || failure?.code === 'permission'
    return {
      isReachable: failure?.upstreamStatus !== undefined,
      isKeyValid: isRefused ? false : undefined,
      durationMs: durationMs(),
      problem: errorMessage(thrown),
    }
  }
}

/** The name without the prefix `models/`: Google lists its models with it, and takes them with and without. */
function withoutPrefix(name: string): string {
  return name.startsWith('models/') ? name.slice('models/'.length) : name
}

type Complete = NonNullable<CheckOptions['complete']>

async function tryCall(model: string, complete: Complete): Promise<NonNullable<ModelCheck['call']>> {
  const startedAt = performance.now()
  const durationMs = () => Math.round(performance.now() - startedAt)
  try {
    const messages = [{ role: 'user' as const, content: 'Say "ok".' }]
    const { usage } = await complete({ model, messages, maxOutputTokens: callTokensMax }, AbortSignal.timeout(callTimeoutMs))
    return { ok: true, durationMs: durationMs(), costUsd: usage?.costUsd ?? 0 }
  } catch (thrown) {
    const problem = errorMessage(thrown)
    return { ok: false, durationMs: durationMs(), costUsd: 0, problem }
  }
}
