import type { Response } from 'express'

const fieldsMax = 32

/** Tells in a header which fields of a request had no effect. */
export function nameIgnored(response: Response, fields: string[]): void {
  const named = fields.filter((field) => /^[\w.-]{1,64}$/.test(field)).slice(0, fieldsMax)
  if (named.length > 0) response.setHeader('x-weft-ignored-fields', named.join(', '))
}
