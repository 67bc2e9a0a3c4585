import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { load, YAMLException } from 'js-yaml'
import { z } from 'zod'
import { lineOfPath } from './line-of-path.ts'

const Rate = z.strictObject({
  inputUsd: z.number().nonnegative(),
  outputUsd: z.number().nonnegative(),
  cachedInputUsd: z.number().nonnegative().optional(),
})

/** USD per million tokens. */
const Price = Rate.extend({ long: Rate.extend({ aboveInputTokens: z.int().positive() }).optional() })
export type Price = z.infer<typeof Price>

const Name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'use lower case letters, digits and "-"')
const Variable = z.string().regex(/^[A-Z][A-Z0-9_]+$/, 'use the name of an environment variable')

const ProviderSpec = z.strictObject({
  id: Name,
  wire: z.enum(['openai', 'anthropic', 'offline']),
  baseUrl: z.url().optional(),
  keyVariable: Variable.optional(),
  baseUrlVariable: Variable.optional(),
  maxTokensField: z.enum(['max_tokens', 'max_completion_tokens']).default('max_tokens'),
  /** `asked`: usage comes when `stream_options` asks for it; `always`: it comes anyway and the option is refused. */
  streamUsage: z.enum(['asked', 'always']).default('asked'),
})
export type ProviderSpec = z.infer<typeof ProviderSpec>

export const modelCapabilities = [
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
  'extractive',
] as const

const ModelEntry = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*\/\S+$/, 'use <provider>/<model>'),
  capabilities: z.array(z.enum(modelCapabilities)).min(1),
  price: Price,
  contextTokens: z.int().positive(),
  outputTokensMax: z.int().positive(),
  firstTokenMs: z.int().nonnegative(),
})
export type ModelEntry = z.infer<typeof ModelEntry>

const Registry = z
  .strictObject({ providers: z.array(ProviderSpec).min(1), models: z.array(ModelEntry).min(1) })
  .superRefine(checkReferences)
export type Registry = z.infer<typeof Registry>

/** A registry file that cannot be used; the message has one line per problem, `file:line: path: what is wrong`. */
export class RegistryError extends Error {
  readonly code = 'invalid_registry'
  readonly isRetryable = false

  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'RegistryError'
  }
}

/** Reads the registry of providers and models; without a file the one of this package. Throws RegistryError. */
export function readRegistry(file = fileURLToPath(new URL('../models.yaml', import.meta.url))): Registry {
  const source = readFileSync(file, 'utf8')
  return parseRegistry(source, file)
}

export function parseRegistry(source: string, file: string): Registry {
  const parsed = Registry.safeParse(loadYaml(source, file))
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map(
    (issue) => `${file}:${lineOfPath(source, issue.path)}: ${issue.path.map(String).join('.')}: ${issue.message}`,
  )
  throw new RegistryError(lines.join('\n'))
}

function loadYaml(source: string, file: string): unknown {
  try {
    return load(source)
  } catch (cause) {
    const line = cause instanceof YAMLException && cause.mark !== undefined ? cause.mark.line + 1 : 1
    throw new RegistryError(`${file}:${line}: ${cause instanceof YAMLException ? cause.reason : String(cause)}`, cause)
  }
}

function checkReferences(registry: { providers: ProviderSpec[]; models: ModelEntry[] }, context: z.RefinementCtx): void {
  const providers = new Set(registry.providers.map((provider) => provider.id))
  const seen = new Set<string>()
  registry.models.forEach((model, index) => {
    const path = ['models', index, 'id']
    if (!providers.has(providerOf(model.id)))
      context.addIssue({ code: 'custom', path, message: `no provider '${providerOf(model.id)}' is listed` })
    if (seen.has(model.id)) context.addIssue({ code: 'custom', path, message: `'${model.id}' is listed twice` })
    seen.add(model.id)
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
