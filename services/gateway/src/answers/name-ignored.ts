import type { ServerResponse } from 'node:http'

const fieldsMax = 32

const header = 'x-weft-ignored-fields'

/** Tells in a header which fields of a request had no effect, besides those that it tells of already. */
export function nameIgnored(response: ServerResponse, fields: string[]): void {
  if (fields.length === 0) return
  const earlier = String(response.getHeader(header) ?? '').split(', ')
  const named = [...earlier, ...fields].filter((field) => /^[\w.-]{1,64}$/.test(field)).slice(0, fieldsMax)
  if (named.length > 0) response.setHeader(header, named.join(', '))
}
