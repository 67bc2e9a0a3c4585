import { createPatience } from '@weft/contracts'
import type { VerifyQuotes } from './citation-stream.ts'

/** A database that was killed on a busy machine is back after some ten seconds. */
const patienceMs = 20_000

/** For one answer: while the database is away its quotes are waited for, up to 20 s in all. */
export function verifyPatiently(verify: VerifyQuotes): VerifyQuotes {
  const patiently = createPatience(patienceMs)
  return (quotes) => patiently(() => verify(quotes))
}
