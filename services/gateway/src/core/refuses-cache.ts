/** Whether a request's `cache-control` header wants an answer of its own, that nobody else is given. */
export function refusesCache(cacheControl: string | undefined): boolean {
  return /\bno-(?:store|cache)\b/i.test(cacheControl ?? '')
}
