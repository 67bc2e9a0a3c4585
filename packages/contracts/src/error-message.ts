import { isNativeError } from 'node:util/types'

/**
 * What a thrown value says, for a log or as the reason within another message. Anything may be thrown, so it need not be an Error; and one that comes from another
 * context of V8 is no `instanceof` this context's Error.
 */
export function errorMessage(thrown: unknown): string {
  return isNativeError(thrown) ? thrown.message : String(thrown)
}
