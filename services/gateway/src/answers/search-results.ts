import { errorMessage, type FoundPlace } from '@weft/contracts'
import type { FileSearchResult } from '@weft/models'
import type { ReadPlace } from '@weft/retrieval'
import type { Log } from '../log.ts'
import { settleWithin } from '../settle-within.ts'

/** The wish of a request, in its `include`, to be told what was found. */
export const resultsWish = 'file_search_call.results'

export interface SearchResultsDeps {
  /** What stands at places of the tenant's files; undefined for those that cannot be read any more. */
  readPlaces(request: { tenant: string; places: FoundPlace[] }): Promise<(ReadPlace | undefined)[]>
  logger: Pick<Log, 'warn'>
}

/** What a search found, as its call shows it; null where nobody wished to be told. */
export type TellResults = (found: FoundPlace[]) => Promise<FileSearchResult[] | null>

const readLimit = { ms: 3_000, what: 'the database' }

/** While the database is away, and of files that are gone, the results have their places without the text. */
export function tellResults(
  { readPlaces, logger }: SearchResultsDeps,
  { tenant, include }: { tenant: string; include: readonly string[] | null | undefined },
): TellResults {
  if (include?.includes(resultsWish) !== true) return async () => null
  return async (places) => {
    const read = await settleWithin(readPlaces({ tenant, places }), readLimit).catch((cause: unknown) => {
      logger.warn('results of a search were told without their text', { cause: errorMessage(cause) })
      return []
    })
    return places.map(({ fileId, filename, score }, index) => {
      const { text, filename: named = filename, attributes } = read[index] ?? {}
      const known = text === undefined ? {} : { text, attributes: attributes ?? {} }
      return { file_id: fileId, filename: named, score: Math.min(1, Math.max(0, score)), ...known }
    })
  }
}
