import { ModelError } from '../model-error.ts'
import { explainConnectionError, explainUpstreamError } from './explain-upstream-error.ts'
import { fetchKept } from './fetch-kept.ts'
import { jsonOrNothing } from './json-or-nothing.ts'

/** A provider's address and key. Messages name the key by its variable and never show it. */
export type JsonEndpoint = { provider: string; baseUrl: string; path: string; apiKey?: string | undefined; keyVariable: string }

/** Posts JSON, and returns the parsed answer, unchecked. Makes one attempt. Throws ModelError, except for aborts, which the caller explains. */
export async function postJson(endpoint: JsonEndpoint, body: object, signal: AbortSignal): Promise<unknown> {
  const { provider, baseUrl, apiKey, keyVariable } = endpoint
  let response: Response
  let text: string
  try {
    response = await fetchKept(`${baseUrl.replace(/\/+$/, '')}${endpoint.path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(body),
      // A redirect could send the key to another address than the one that was set.
      redirect: 'error',
      signal,
    })
    text = await response.text()
  } catch (cause) {
    throw explainConnectionError(provider, baseUrl, cause)
  }
  const answer = jsonOrNothing(text)
  if (response.ok && answer !== undefined) return answer
  if (response.ok) throw new ModelError('upstream_error', `${provider} answered no JSON`, { isRetryable: true })
  const { status, headers } = response
  throw explainUpstreamError({ provider, keyVariable, status, error: reasonOf(answer), headers })
}

/** The error in a provider's answer: OpenAI names it `error`, Voyage `detail`, Cohere `message`. */
function reasonOf(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return undefined
  for (const name of ['error', 'detail', 'message']) {
    const reason: unknown = Reflect.get(answer, name)
    if (reason !== undefined && reason !== null) return reason
  }
  return undefined
}
