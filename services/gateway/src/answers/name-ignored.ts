import type { ServerResponse } from 'node:http'

const fieldsMax = 32

const header = 'x-weft-ignored-fields'

/** Adds fields to the header `x-weft-ignored-fields`, which names the fields of a request that had no effect; 32 at most. */
export function nameIgnored(response: ServerResponse, fields: string[]): void {
  if (fields.length === 0) return
  const earlier = String(response.getHeader(header) ?? '').split(', ')
  const named = [...earlier, ...fields].filter((field) => /^[\w.-]{1,64}$/.test(field)).slice(0, fieldsMax)
  if (named.length > 0) response.setHeader(header, named.join(', '))
}
