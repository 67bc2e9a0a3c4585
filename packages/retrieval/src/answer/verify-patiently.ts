import { createPatience } from '@weft/contracts'
import type { VerifyQuotes } from './citation-stream.ts'

/** A database that was killed on a busy machine is back after about ten seconds. */
const patienceMs = 20_000

/** Wraps `verify` for the quotes of one answer, so that it waits while the database does not answer, for up to 20 s in all. */
export function verifyPatiently(verify: VerifyQuotes): VerifyQuotes {
  const patiently = createPatience(patienceMs)
  return (quotes) => patiently(() => verify(quotes))
}
