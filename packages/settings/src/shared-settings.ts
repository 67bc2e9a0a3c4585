import { z } from 'zod'

const howSet = 'set by `npm start`, dapr/dapr.yaml and docker-compose.yml'
const appPortError = { error: `a port from 0 to 65535, 0 for any free one (${howSet})` }
const sidecarPortError = { error: `a port from 1 to 65535 (${howSet})` }
const tokenError = `at least 16 characters (${howSet})`
const httpUrl = z.url({ protocol: /^https?$/, error: 'a URL like http://127.0.0.1:4318' }).optional()

/** What every service of the mesh is given by whoever starts it. */
export const appSettings = z.object({
  /** Loopback port of the listener that only the own sidecar calls. */
  WEFT_APP_PORT: z.coerce.number(appPortError).int(appPortError).min(0, appPortError).max(65_535, appPortError),
  DAPR_HTTP_PORT: z.coerce.number(sidecarPortError).int(sidecarPortError).min(1, sidecarPortError).max(65_535, sidecarPortError),
  /** Sent to the sidecar. */
  DAPR_API_TOKEN: z.string(tokenError).min(16, tokenError),
  /** Expected from the sidecar. */
  APP_API_TOKEN: z.string(tokenError).min(16, tokenError),
  /** Stable id of this copy of the service; default `0`. */
  WEFT_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, '1 to 64 letters, digits and "-"')
    .default('0'),
})

const databaseError = 'postgres:// URLs, comma separated, like postgres://user:password@127.0.0.1:5432/weft'

export const databaseSettings = z.object({
  /** PostgreSQL URLs, comma separated; the first writable healthy one is used. */
  DATABASE_URLS: z
    .string(databaseError)
    .transform((urls) =>
      urls
        .split(',')
        .map((url) => url.trim())
        .filter((url) => url !== ''),
    )
    .pipe(z.array(z.url({ protocol: /^postgres(ql)?$/, error: databaseError })).min(1, databaseError)),
})

export const ledgerSettings = z.object({
  /** Where calls of models are written down before they are made: a folder that outlives its process, and is no other machine's or container's. */
  WEFT_LEDGER_FOLDER: z.string().trim().min(1).default('.weft/ledger'),
})

const usd = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'a number of US dollars')
  .optional()
const providerKey = z.string().trim().regex(/^\S+$/, 'a key without blanks inside').optional()

/** Model providers: a key makes one available; an address overrides the provider's own. None of them: the offline model. */
export const providerSettings = z.object({
  /** Id of the model used where nobody names one, such as `openai/gpt-6-luna`. */
  WEFT_DEFAULT_MODEL: z
    .string()
    .trim()
    .regex(/^[^/\s]+\/\S+$/, 'a model id like `<provider>/<model>`')
    .optional(),
  /** `off`: where nobody names a model it is the cheapest capable one of the first provider, instead of the one that fits a request best. */
  WEFT_ROUTING: z.enum(['on', 'off']).default('on'),
  /** `on`: a stream that is slower to begin than 19 of 20 is asked for a second time, of the next model of its chain; whichever begins first is kept. */
  WEFT_HEDGING: z.enum(['on', 'off']).default('off'),
  /** Calls of models of unknown price: `refuse`, or `estimate` at the USD per million tokens below (5 and 20). */
  WEFT_UNPRICED_MODELS: z.enum(['refuse', 'estimate'], 'refuse or estimate').optional(),
  WEFT_UNPRICED_INPUT_USD: usd,
  WEFT_UNPRICED_OUTPUT_USD: usd,
  OPENAI_API_KEY: providerKey,
  OPENAI_BASE_URL: httpUrl,
  ANTHROPIC_API_KEY: providerKey,
  ANTHROPIC_BASE_URL: httpUrl,
  GEMINI_API_KEY: providerKey,
  GEMINI_BASE_URL: httpUrl,
  XAI_API_KEY: providerKey,
  XAI_BASE_URL: httpUrl,
  MISTRAL_API_KEY: providerKey,
  MISTRAL_BASE_URL: httpUrl,
  DEEPSEEK_API_KEY: providerKey,
  DEEPSEEK_BASE_URL: httpUrl,
  GROQ_API_KEY: providerKey,
  GROQ_BASE_URL: httpUrl,
  OLLAMA_BASE_URL: httpUrl,
  VLLM_API_KEY: providerKey,
  VLLM_BASE_URL: httpUrl,
  /** A YAML file of providers and models laid over the built-in registry. */
  WEFT_MODELS_FILE: z.string().trim().min(1).optional(),
})

const logLevels = ['error', 'warn', 'info', 'debug'] as const

/** OpenTelemetry's standard names. Headers, time-outs and compression of the exporters are read by the SDK itself. */
export const telemetrySettings = z.object({
  WEFT_LOG_LEVEL: z.enum(logLevels, `one of ${logLevels.join(', ')}`).default('info'),
  /** Base URL of an OTLP/HTTP receiver of spans and metrics; without it, and without the two below, nothing is sent. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
  /** Full URL for spans alone, for a receiver that takes nothing else (Phoenix). */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl,
  /** Full URL for metrics alone. */
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: httpUrl,
})
