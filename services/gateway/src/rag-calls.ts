import type { WeftError } from '@weft/contracts'
import { isSilence, type Sidecar } from '@weft/mesh'
import { SearchAnswer } from '@weft/retrieval'
import { z } from 'zod'
import type { PublicDeps } from './public-app.ts'
import { askAgainSoon, isPassing, retryBriefly } from './retry-briefly.ts'

/** How long a search may take. */
const searchTimeoutMs = 30_000
/** How long something that restarts is waited for. */
const patienceMs = 8_000
const hintTimeoutMs = 5_000

/**
 * What the gateway asks the service `rag` for. A search is asked for again while a part of its way restarts; then it throws `dependency_unavailable`, as it does
 * when it takes longer than 30 s.
 */
export function ragCalls(
  sidecar: Pick<Sidecar, 'invoke'>,
  more: { patienceMs?: number } = {},
): Pick<PublicDeps['knowledge'], 'search' | 'requestIngestion'> {
  return {
    async search(call, reader) {
      const ask = () => {
        reader.throwIfAborted()
        const signal = AbortSignal.any([AbortSignal.timeout(searchTimeoutMs), reader])
        return sidecar.invoke('rag', '/search', { body: call, schema: SearchAnswer, signal })
      }
      try {
        return await retryBriefly(ask, more.patienceMs ?? patienceMs)
      } catch (thrown) {
        throw isPassing(thrown) ? notSearched(thrown) : thrown
      }
    },
    async requestIngestion(hint) {
      await sidecar.invoke('rag', '/ingest', { body: hint, schema: z.unknown(), signal: AbortSignal.timeout(hintTimeoutMs) })
    },
  }
}

function notSearched(cause: WeftError): WeftError {
  const what = isSilence(cause) ? `the search was not done within ${searchTimeoutMs / 1_000} s` : 'not available right now: rag'
  return askAgainSoon(what, cause)
}
