import type { RawBuilder } from 'kysely'

export interface Bm25Query {
  tenant: string
  vectorStoreIds: string[]
  query: string
  /** Results at most. */
  limit: number
  /** Further SQL over the columns of `chunks`, such as a metadata filter. */
  filter?: RawBuilder<boolean>
}
