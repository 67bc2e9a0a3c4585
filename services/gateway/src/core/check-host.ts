/** Names under which a browser page on this machine may legitimately reach a loopback service. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/** The names a public listener answers to: the loopback ones and those it was configured with. */
export function allowedHosts(configured: readonly string[]): ReadonlySet<string> {
  return new Set([...loopbackNames, ...configured.map((name) => name.toLowerCase())])
}

/**
 * Whether a Host header, and an Origin when a browser sends one, name this service. A page of another site whose name was rebound to
 * 127.0.0.1 sends its own name here.
 */
export function isAllowedHost(
  headers: { host: string | undefined; origin: string | undefined },
  allowed: ReadonlySet<string>,
): boolean {
  const host = hostnameOf(headers.host)
  if (host === undefined || !allowed.has(host)) return false
  if (headers.origin === undefined) return true
  const origin = /^https?:\/\/(.+)$/.exec(headers.origin)?.[1]
  const originHost = hostnameOf(origin)
  return originHost !== undefined && allowed.has(originHost)
}

/** The name in `name` or `name:port`, lower case; undefined when it is neither. */
function hostnameOf(value: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/.exec(value?.toLowerCase() ?? '')?.[1]
}
