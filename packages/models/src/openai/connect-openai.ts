import type { OpenAI } from 'openai'

export type OpenAiConnection = {
  baseUrl: string
  apiKey?: string | undefined
  timeoutMs: number
  fetch?: typeof fetch | undefined
}

/** Connects the SDK, which takes tens of megabytes, so it is loaded only where such a provider is set up. It tries once: retrying is up to the caller. */
export async function connectOpenAi({ baseUrl, apiKey, timeoutMs, fetch }: OpenAiConnection): Promise<OpenAI> {
  const { OpenAI } = await import('openai')
  return new OpenAI({
    apiKey: apiKey ?? 'none',
    baseURL: baseUrl,
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: 'off',
    timeout: timeoutMs,
    ...(fetch === undefined ? {} : { fetch }),
  })
}
