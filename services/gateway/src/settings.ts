import { ApiKey, errorMessage, parseJson, RetentionDays, TenantRetention } from '@weft/contracts'
import {
  appSettings,
  databaseSettings,
  type Faults,
  faultSettings,
  ledgerSettings,
  readFaults,
  readSettings,
  telemetrySettings,
} from '@weft/settings'
import { z } from 'zod'

const names = z.string().transform((list) =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
)

const publicUrl = z
  .union([z.literal(''), z.url({ protocol: /^https?$/, error: 'a URL like https://weft.example' })])
  .optional()
  .transform((url) => (url === undefined || url === '' ? undefined : url.replace(/\/+$/, '')))

const smtpUrl = z
  .union([z.literal(''), z.url({ protocol: /^smtps?$/, error: 'a URL like smtps://user:password@mail.example' })])
  .optional()
  .transform((url) => (url === '' ? undefined : url))

const limit = z
  .union([z.literal(''), z.coerce.number().int().positive()])
  .optional()
  .transform((value) => (value === '' ? undefined : value))

const retentionDays = z
  .string()
  .transform((text) => (text === 'none' ? text : Number(text)))
  .pipe(RetentionDays)
  .optional()

const tenantRetention = z
  .string()
  .transform((text, context) => {
    try {
      return parseJson(TenantRetention, text, 'the JSON')
    } catch (cause) {
      context.addIssue({ code: 'custom', message: errorMessage(cause) })
      return z.NEVER
    }
  })
  .optional()

/** Variables of model providers (OPENAI_API_KEY, …) are kept as they are: the model registry names them. */
export const GatewayEnvironment = z.looseObject({
  ...appSettings.shape,
  ...databaseSettings.shape,
  ...ledgerSettings.shape,
  ...telemetrySettings.shape,
  ...faultSettings.shape,
  /** The public port. */
  WEFT_PORT: z.coerce.number().int().min(0).max(65_535).default(8_000),
  /** The public address; another than loopback only inside a container. */
  WEFT_HOST: z.string().default('127.0.0.1'),
  /** Further names under which clients reach the gateway, comma separated. */
  WEFT_ALLOWED_HOSTS: names.default([]),
  /** Where people reach the gateway, such as https://weft.example; default: where the request that makes a link came to. */
  WEFT_PUBLIC_URL: publicUrl,
  /** The mail server that asks approvers who are named by their address, like smtps://user:password@mail.example; none without it. */
  WEFT_SMTP_URL: smtpUrl,
  WEFT_MAIL_FROM: z.string().min(3).default('weft@localhost'),
  /** Private hosts that webhooks may call all the same, comma separated. */
  WEFT_OUTBOUND_PRIVATE_HOSTS: names.default([]),
  /** Whether requests that go straight to a model may be answered by an earlier answer: to the very same request, or to a question that means the same. */
  WEFT_ANSWER_CACHE: z.enum(['off', 'exact', 'semantic']).default('off'),
  /** Seconds for which an answer may be given again. */
  WEFT_ANSWER_CACHE_TTL_S: z.coerce.number().int().min(1).max(2_592_000).default(3_600),
  /** What each tenant may use over all gateways together; not limited without. A key's own limits hold besides. */
  WEFT_TENANT_REQUESTS_PER_MINUTE: limit,
  WEFT_TENANT_TOKENS_PER_MINUTE: limit,
  WEFT_TENANT_CONCURRENCY: limit,
  /** For how many days sessions, calls of models, and audit log and history of approvals are kept; then they go into the archive. */
  WEFT_SESSION_RETENTION_DAYS: retentionDays,
  WEFT_LEDGER_DAYS: retentionDays,
  WEFT_AUDIT_RETENTION_DAYS: retentionDays,
  /** What holds for single tenants instead, as JSON: {"acme": {"sessions": 30, "calls": 400, "audit": "none"}}. */
  WEFT_TENANT_RETENTION: tenantRetention,
  /** Where the archive is written. Without it there is none, and nothing is removed. */
  WEFT_ARCHIVE_FOLDER: z.string().trim().optional(),
  /** Requests this gateway answers at once; more wait in queues of their tenants, which are served in turn. */
  WEFT_PLACES: z.coerce.number().int().positive().default(4_096),
  /** Resident memory at which this gateway takes on nothing more; the heap's own limit bounds it anyway. */
  WEFT_MEMORY_MB_MAX: limit,
  /** The first admin key, or the file that holds it. */
  WEFT_API_KEY: ApiKey.optional(),
  WEFT_ADMIN_KEY_FILE: z.string().optional(),
})

export type GatewaySettings = z.infer<typeof GatewayEnvironment> & { faults: Faults | undefined }

export function readGatewaySettings(): GatewaySettings {
  const environment = readSettings(GatewayEnvironment)
  return { ...environment, faults: readFaults(environment) }
}
