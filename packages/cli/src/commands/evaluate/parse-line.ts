import { parseJson, WeftError } from '@weft/contracts'
import type { z } from 'zod'
import { badLine, type Place } from './read-lines.ts'

/** Parses a line of JSON by a schema. Throws `bad_collection`, naming file and line. */
export function parseLine<T extends z.ZodType>(schema: T, text: string, place: Place): z.infer<T> {
  try {
    return parseJson(schema, text, 'the line')
  } catch (cause) {
    throw badLine(place, cause instanceof WeftError ? cause.message : 'cannot be read', { cause })
  }
}
