import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { load, YAMLException } from 'js-yaml'
import { z } from 'zod'
import { lineOfPath } from './line-of-path.ts'

const Usd = z.number().nonnegative()
const Rate = z.strictObject({
  inputUsd: Usd,
  outputUsd: Usd,
  /** For input read from the provider's cache; default: that of fresh input. */
  cachedInputUsd: Usd.optional(),
  /** For input written into the provider's cache; default: that of fresh input. */
  cacheWriteUsd: Usd.optional(),
  /** For output that the model thought and did not say; default: that of other output. */
  reasoningUsd: Usd.optional(),
})

/** USD per million tokens. `long` holds for all tokens of a call with more input than `aboveInputTokens`. */
export const Price = Rate.extend({ long: Rate.extend({ aboveInputTokens: z.int().positive() }).optional() })
export type Price = z.infer<typeof Price>

const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'use lower case letters, digits and "-"')
  .refine((name) => name !== 'weft' && name !== 'router', 'weft and router are names of Weft itself')
const Variable = z.string().regex(/^[A-Z][A-Z0-9_]+$/, 'use the name of an environment variable')

const MaxTokensField = z.enum(['max_tokens', 'max_completion_tokens'])
const StreamUsage = z.enum(['asked', 'always'])

/** How long a call may be silent, in milliseconds. What is left out is as for all models. */
const Timeouts = z
  .strictObject({ firstTokenMs: z.int().positive(), betweenTokensMs: z.int().positive(), wholeAnswerMs: z.int().positive() })
  .partial()

/** The fields of a provider in a file; those with a default may be missing. */
const ProviderFields = z.strictObject({
  id: Name,
  /** `openai`: chat completions; `responses`: OpenAI's newer wire; `local`: the embedding model that runs in the mesh; `voyage`: embeddings alone. */
  wire: z.enum(['openai', 'responses', 'anthropic', 'offline', 'local', 'voyage']),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** The variable of its key. A provider without one needs no key, and is available as soon as it has an address. */
  keyVariable: Variable.optional(),
  baseUrlVariable: Variable.optional(),
  maxTokensField: MaxTokensField.optional(),
  /** `asked`: streams tell their usage when `stream_options` asks for it; `always`: they tell it anyway, and the option is refused. */
  streamUsage: StreamUsage.optional(),
  /** Whether models that are not listed here may be called by name; the provider is asked which ones it has. */
  servesUnlisted: z.boolean().optional(),
  timeouts: Timeouts.optional(),
  /** The price of models that are not listed here; without it their price is unknown. */
  unlistedPrice: Price.optional(),
})
const ProviderSpec = ProviderFields.extend({
  maxTokensField: MaxTokensField.default('max_tokens'),
  streamUsage: StreamUsage.default('asked'),
  servesUnlisted: z.boolean().default(false),
})
export type ProviderSpec = z.infer<typeof ProviderSpec>

const modelCapabilities = [
  'chat',
  'reasoning',
  'analysis',
  'coding',
  'vision',
  'tools',
  'json_schema',
  'sampling',
  'seed',
  'logprobs',
  /** Several answers to one request. */
  'n',
  /** `presence_penalty`, `frequency_penalty` and `logit_bias`. */
  'penalties',
  'audio',
  'files',
  'embeddings',
  'extractive',
] as const

const ModelId = z.string().regex(/^[a-z][a-z0-9-]*\/\S+$/, 'use <provider>/<model>')
const Alias = z
  .string()
  .regex(/^(?!weft\/)[^\s/]\S*$/, 'a name without blanks that is not of weft/')
  .max(256)

/** The days on which the provider deprecates and removes a model, UTC. */
const Deprecation = z.strictObject({
  since: z.iso.date(),
  removedOn: z.iso.date().optional(),
  replacement: ModelId.optional(),
})
export type Deprecation = z.infer<typeof Deprecation>

const ModelEntry = z.strictObject({
  id: ModelId,
  /** Other names by which clients may call it; answers name the id. */
  aliases: z.array(Alias).max(16).optional(),
  capabilities: z.array(z.enum(modelCapabilities)).min(1),
  price: Price,
  contextTokens: z.int().positive(),
  /** Required for a model that writes. */
  outputTokensMax: z.int().positive().optional(),
  /** How long the first token takes, for routing with a limit on that. */
  firstTokenMs: z.int().nonnegative(),
  /** The length of an embedding model's vectors. */
  dimensions: z.int().positive().optional(),
  deprecated: Deprecation.optional(),
  /** Models that answer in its place when it does not, in this order. */
  fallbacks: z.array(ModelId).max(2).optional(),
  /** Those that differ from its provider's. */
  timeouts: Timeouts.optional(),
})
export type ModelEntry = z.infer<typeof ModelEntry>

const Registry = z
  .strictObject({ providers: z.array(ProviderSpec).min(1), models: z.array(ModelEntry).min(1) })
  .superRefine(checkReferences)
export type Registry = z.infer<typeof Registry>

/** The entries of an overlay. Those of a known id need only the fields that they change. */
const Overlay = z
  .strictObject({
    providers: z.array(ProviderFields.partial().required({ id: true })).default([]),
    models: z.array(ModelEntry.partial().required({ id: true })).default([]),
  })
  .superRefine(({ providers, models }, context) => {
    refuseTwice(providers, 'providers', context)
    refuseTwice(models, 'models', context)
  })

/** A registry that cannot be used. The message has one line for each problem: `file:line: path: what is wrong`. */
export class RegistryError extends Error {
  readonly code = 'invalid_registry'
  readonly isRetryable = false

  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'RegistryError'
  }
}

/** Reads the registry of providers and models; default: the one of this package. Throws RegistryError. */
export function readRegistry(file = fileURLToPath(new URL('../../models.yaml', import.meta.url))): Registry {
  const source = readFileSync(file, 'utf8')
  return parseRegistry(source, file)
}

export function parseRegistry(source: string, file: string): Registry {
  const parsed = Registry.safeParse(loadYaml(source, file))
  if (parsed.success) return parsed.data
  throw problemsIn({ source, file }, parsed.error.issues)
}

/**
 * Lays another file over the registry: the fields in an entry of a known id replace those fields as a whole, and entries of other ids are added. Throws
 * RegistryError.
 */
export function layRegistryOver(base: Registry, source: string, file: string): Registry {
  return layValueOver(base, parseOverlay(source, file), (issues) => problemsIn({ source, file }, issues))
}

/** The content of an overlay's file, unchecked. Throws RegistryError for a file that is not YAML. */
export function parseOverlay(source: string, file: string): unknown {
  return saysNothing.test(source) ? {} : (loadYaml(source, file) ?? {})
}

type Issues = Pick<z.core.$ZodIssue, 'path' | 'message'>[]

/**
 * Lays what is set while the mesh runs over the registry. The address to which a provider's key is sent cannot be set: otherwise whoever may set it could have the
 * key sent to himself. Throws RegistryError with lines of the form `models.path: what is wrong`.
 */
export function laySettingOver(base: Registry, value: unknown): Registry {
  const describe = (issues: Issues) =>
    new RegistryError(issues.map(({ path, message }) => `models.${path.map(String).join('.')}: ${message}`).join('\n'))
  const registry = layValueOver(base, value, describe)
  const issues = keysSentElsewhere(base, Overlay.parse(value))
  if (issues.length > 0) throw describe(issues)
  return registry
}

function keysSentElsewhere(base: Registry, { providers }: z.infer<typeof Overlay>): Issues {
  const known = new Map(base.providers.map((provider) => [provider.id, provider]))
  const fixed = ['keyVariable', 'baseUrlVariable', 'baseUrl'] as const
  return providers.flatMap((provider, index) =>
    fixed
      .filter((field) => provider[field] !== undefined)
      .filter((field) => field !== 'baseUrl' || known.get(provider.id)?.keyVariable !== undefined)
      .map((field) => ({
        path: ['providers', index, field],
        message: 'where a key is sent is set by the environment and the file of WEFT_MODELS_FILE alone',
      })),
  )
}

function layValueOver(base: Registry, value: unknown, describe: (issues: Issues) => RegistryError): Registry {
  const overlay = Overlay.safeParse(value)
  if (!overlay.success) throw describe(overlay.error.issues)
  const { providers, models } = overlay.data
  const merged = { providers: mergeById(base.providers, providers), models: mergeById(base.models, models) }
  const parsed = Registry.safeParse(merged)
  if (parsed.success) return parsed.data
  const placeOf = ([section, index, ...rest]: PropertyKey[]): PropertyKey[] => {
    if (section !== 'providers' && section !== 'models') return []
    const id = merged[section][Number(index)]?.id
    return [section, overlay.data[section].findIndex((entry) => entry.id === id), ...rest]
  }
  throw describe(parsed.error.issues.map((issue) => ({ ...issue, path: placeOf(issue.path) })))
}

/** A text of blank lines and comments only. */
const saysNothing = /^(?:\s*(?:#.*)?(?:\n|$))*$/

function mergeById(base: { id: string }[], over: { id: string }[]): { id: string }[] {
  const changes = new Map(over.map((entry) => [entry.id, entry]))
  const known = new Set(base.map(({ id }) => id))
  return [...base.map((entry) => ({ ...entry, ...changes.get(entry.id) })), ...over.filter(({ id }) => !known.has(id))]
}

function problemsIn({ source, file }: { source: string; file: string }, issues: Issues) {
  const lines = issues.map(
    ({ path, message }) => `${file}:${lineOfPath(source, path)}: ${path.map(String).join('.')}: ${message}`,
  )
  return new RegistryError(lines.join('\n'))
}

function loadYaml(source: string, file: string): unknown {
  try {
    return load(source)
  } catch (cause) {
    const line = cause instanceof YAMLException && cause.mark !== undefined ? cause.mark.line + 1 : 1
    throw new RegistryError(`${file}:${line}: ${cause instanceof YAMLException ? cause.reason : String(cause)}`, cause)
  }
}

type Entries = { providers: ProviderSpec[]; models: ModelEntry[] }

function checkReferences({ providers, models }: Entries, context: z.RefinementCtx): void {
  refuseTwice(providers, 'providers', context)
  refuseTwice(models, 'models', context)
  const known = new Set(providers.map((provider) => provider.id))
  const ids = new Set(models.map((model) => model.id))
  const names = new Set(ids)
  models.forEach((model, index) => {
    const complain = (field: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path: ['models', index, ...field], message })
    if (!known.has(providerOf(model.id))) complain(['id'], `no provider '${providerOf(model.id)}' is listed`)
    model.aliases?.forEach((alias, at) => {
      if (names.has(alias)) complain(['aliases', at], `'${alias}' already names a model`)
      names.add(alias)
    })
    const replacement = model.deprecated?.replacement
    if (replacement !== undefined && !ids.has(replacement))
      complain(['deprecated', 'replacement'], `'${replacement}' is not listed`)
    model.fallbacks?.forEach((fallback, at) => {
      if (fallback === model.id || !ids.has(fallback))
        complain(['fallbacks', at], `'${fallback}' is not another model that is listed`)
    })
    const isWriter = model.capabilities.includes('chat')
    if (isWriter && model.outputTokensMax === undefined) complain(['outputTokensMax'], 'is needed for a model that writes')
  })
}

function refuseTwice(entries: { id: string }[], section: keyof Registry, context: z.RefinementCtx): void {
  const seen = new Set<string>()
  entries.forEach(({ id }, index) => {
    if (seen.has(id)) context.addIssue({ code: 'custom', path: [section, index, 'id'], message: `'${id}' is listed twice` })
    seen.add(id)
  })
}

/** The provider's part of a public model id. */
export function providerOf(modelId: string): string {
  return modelId.slice(0, Math.max(0, modelId.indexOf('/')))
}

/** The provider's own name of a model. */
export function upstreamNameOf(modelId: string): string {
  return modelId.slice(modelId.indexOf('/') + 1)
}
