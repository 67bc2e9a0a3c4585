import { z } from 'zod'

const Port = z.coerce.number().int().min(0).max(65_535)

/** What every service of the mesh is given by whoever starts it. */
export const appSettings = z.object({
  /** Loopback port of the listener that only the own sidecar calls. */
  WEFT_APP_PORT: Port,
  DAPR_HTTP_PORT: Port,
  /** Sent to the sidecar. */
  DAPR_API_TOKEN: z.string().min(16, 'at least 16 characters'),
  /** Expected from the sidecar. */
  APP_API_TOKEN: z.string().min(16, 'at least 16 characters'),
  /** Stable id of this copy of the service; default `0`. */
  WEFT_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'letters, digits and "-"')
    .default('0'),
})

export const databaseSettings = z.object({
  /** PostgreSQL URLs, comma separated; the first writable healthy one is used. */
  DATABASE_URLS: z
    .string()
    .transform((urls) => urls.split(',').map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^postgres(ql)?$/, error: 'a postgres:// URL' })).min(1)),
})

export const telemetrySettings = z.object({
  WEFT_LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  /** Where spans and metrics are sent; nothing is sent without it. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'an http(s) URL' }).optional(),
})
