import { z } from 'zod'
import { chatLimits } from './chat.ts'
import { RetentionDays, TenantRetention } from './retention.ts'

/** A setting that may be changed while the mesh runs. */
export interface LiveSetting {
  /** The environment variable whose place it takes. */
  variable: string
  value: z.ZodType<SettingValue>
  /** The value where neither the database nor the environment sets one. */
  default: SettingValue
  /** The value that is the same as leaving the environment variable unset. */
  unset?: SettingValue
  description: string
}

export type SettingValue = string | number | RegistryOverlay | TenantRetention

const usdMax = 1_000_000
const perMinuteMax = 10_000_000
const tokensPerMinuteMax = 1_000_000_000
const concurrencyMax = 100_000
const entriesMax = 2_000

const Entry = z.looseObject({ id: z.string() })
/** Providers and models as a file of WEFT_MODELS_FILE lists them. Only their ids are checked here; the other fields where the registry is read. */
export const RegistryOverlay = z.strictObject({
  providers: z.array(Entry).max(entriesMax).optional(),
  models: z.array(Entry).max(entriesMax).optional(),
})
export type RegistryOverlay = z.infer<typeof RegistryOverlay>

const onOff = z.enum(['on', 'off'], 'on or off')
const usd = z.number('a number of US dollars').nonnegative().max(usdMax)
const limitUpTo = (max: number) => {
  const error = `a whole number from 1 to ${max}, or "none"`
  return z.union([z.int(error).positive(error).max(max, error), z.literal('none')], error)
}

/** All settings that may be changed while the mesh runs, by name. Variables that are only read when a process starts are not among them. */
export const liveSettings = {
  models: {
    variable: 'WEFT_MODELS_FILE',
    value: RegistryOverlay,
    default: {},
    description:
      'Providers and models laid over the built-in registry and over the file of WEFT_MODELS_FILE, as such a file lists them',
  },
  defaultModel: {
    variable: 'WEFT_DEFAULT_MODEL',
    value: z
      .string()
      .max(chatLimits.modelLengthMax)
      .regex(/^(auto|[^/\s]+\/\S+)$/, 'a model id like <provider>/<model>, or "auto"'),
    default: 'auto',
    unset: 'auto',
    description: 'The model used where nobody names one; "auto": the one that fits a request best',
  },
  routing: {
    variable: 'WEFT_ROUTING',
    value: onOff,
    default: 'on',
    description:
      'Off: where nobody names a model it is the cheapest capable one of the first provider, not the one that fits best',
  },
  hedging: {
    variable: 'WEFT_HEDGING',
    value: onOff,
    default: 'off',
    description: 'On: a stream that is slower to begin than 19 of 20 is asked for a second time, of the next model of its chain',
  },
  unpricedModels: {
    variable: 'WEFT_UNPRICED_MODELS',
    value: z.enum(['refuse', 'estimate'], 'refuse or estimate'),
    default: 'estimate',
    description: 'What becomes of calls of models whose price nobody knows',
  },
  unpricedInputUsd: {
    variable: 'WEFT_UNPRICED_INPUT_USD',
    value: usd,
    default: 5,
    description: 'USD per million tokens of input at which such calls are reckoned',
  },
  unpricedOutputUsd: {
    variable: 'WEFT_UNPRICED_OUTPUT_USD',
    value: usd,
    default: 20,
    description: 'USD per million tokens of output at which such calls are reckoned',
  },
  abstainBelow: {
    variable: 'WEFT_ABSTAIN_BELOW',
    value: z.number().min(0).max(1),
    default: 0.1,
    description: 'Passages less likely than this to hold an answer are not answered from; 0: a model always decides',
  },
  tenantRequestsPerMinute: {
    variable: 'WEFT_TENANT_REQUESTS_PER_MINUTE',
    value: limitUpTo(perMinuteMax),
    default: 'none',
    unset: 'none',
    description: 'Requests each tenant may make in a minute, over all gateways together',
  },
  tenantTokensPerMinute: {
    variable: 'WEFT_TENANT_TOKENS_PER_MINUTE',
    value: limitUpTo(tokensPerMinuteMax),
    default: 'none',
    unset: 'none',
    description: 'Tokens of input and output each tenant may use in a minute, over all gateways together',
  },
  tenantConcurrency: {
    variable: 'WEFT_TENANT_CONCURRENCY',
    value: limitUpTo(concurrencyMax),
    default: 'none',
    unset: 'none',
    description: 'Requests of each tenant that are answered at once, over all gateways together',
  },
  sessionRetentionDays: {
    variable: 'WEFT_SESSION_RETENTION_DAYS',
    value: RetentionDays,
    default: 'none',
    description:
      'Days after its end that a session goes into the archive, with its messages, events and approvals, and is deleted',
  },
  callRetentionDays: {
    variable: 'WEFT_LEDGER_DAYS',
    value: RetentionDays,
    default: 400,
    description: 'Days after which calls of models leave the ledger for the archive, never before their month is over',
  },
  auditRetentionDays: {
    variable: 'WEFT_AUDIT_RETENTION_DAYS',
    value: RetentionDays,
    default: 'none',
    description: 'Days after which lines of the audit log and of the history of approvals leave the database for the archive',
  },
  tenantRetention: {
    variable: 'WEFT_TENANT_RETENTION',
    value: TenantRetention,
    default: {},
    description: 'Tenants that keep their sessions, calls or audit for other times than the three settings above say',
  },
} as const satisfies Record<string, LiveSetting>

export type SettingName = keyof typeof liveSettings

export const SettingName = z.enum(Object.keys(liveSettings) as [SettingName, ...SettingName[]])

/** Body of `PUT /v1/settings`: settings by name. Null takes back what was set, so that the environment's value or the default holds again. */
export const PutSettings = z
  .strictObject(Object.fromEntries(Object.entries(liveSettings).map(([name, { value }]) => [name, value.nullable().optional()])))
  .refine((body) => Object.keys(body).length > 0, 'name at least one setting')
export type PutSettings = z.infer<typeof PutSettings>
