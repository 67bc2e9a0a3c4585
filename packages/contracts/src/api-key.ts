import { z } from 'zod'

/** What a key looks like. Keys that Weft makes have 256 random bits; a first admin key of the user's own choice may be shorter. */
export const ApiKey = z
  .string()
  .regex(/^weft_[A-Za-z0-9_-]{16,256}$/, 'a key is "weft_" and at least 16 letters, digits, "_" or "-"')
