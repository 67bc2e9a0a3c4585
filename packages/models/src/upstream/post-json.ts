import { ModelError } from '../model-error.ts'
import { explainConnectionError, explainUpstreamError } from './explain-upstream-error.ts'
import { fetchKept } from './fetch-kept.ts'
import { jsonOrNothing } from './json-or-nothing.ts'

/** A provider's address and key; the key is named by its variable and never shown. */
export type JsonEndpoint = { provider: string; baseUrl: string; path: string; apiKey?: string | undefined; keyVariable: string }

/** Posts JSON and answers the parsed answer, unchecked. One attempt. Throws ModelError, but for aborts, which the caller explains. */
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
      // A key goes to the address that was set, and to no other.
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

/** OpenAI's wire says `error`, Voyage's `detail`, Cohere's `message`. */
function reasonOf(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return undefined
  for (const name of ['error', 'detail', 'message']) {
    const reason: unknown = Reflect.get(answer, name)
    if (reason !== undefined && reason !== null) return reason
  }
  return undefined
}
