import { ModelError } from '../model-error.ts'
import type { ProviderConnection } from '../provider.ts'
import { explainConnectionError, explainUpstreamError } from './explain-upstream-error.ts'

/**
 * Turns what a provider's SDK threw into a ModelError. In both SDKs an error of the provider has a status or the error object of the body; without either there was
 * no answer. Errors are recognised by their shape, so that no SDK is loaded just to compare classes.
 */
export function explainSdkError(
  thrown: unknown,
  connection: Pick<ProviderConnection, 'id' | 'baseUrl' | 'keyVariable'>,
): ModelError {
  if (thrown instanceof ModelError) return thrown
  const { id: provider, baseUrl, keyVariable } = connection
  const status = field(thrown, 'status')
  const error = field(thrown, 'error')
  if (typeof status !== 'number' && error === undefined) return explainConnectionError(provider, baseUrl, thrown)
  const headers = field(thrown, 'headers')
  return explainUpstreamError({
    provider,
    keyVariable,
    status: typeof status === 'number' ? status : undefined,
    error,
    headers: headers instanceof Headers ? headers : undefined,
    cause: thrown,
  })
}

function field(thrown: unknown, name: string): unknown {
  return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined
}
