/** Lists that are read as a whole and cut into pages afterwards, and whose items may be deleted. */
export type DeletableList = 'agents' | 'budgets' | 'webhooks'

/**
 * Remembers for a day where deleted items stood in their lists, so that a client that deletes what it reads page by page can go on behind an item that it has
 * deleted.
 */
export interface ListPlaces {
  /** The ids of all items behind a deleted one; undefined where no such item was deleted. Agents belong to no tenant: for them it is ''. */
  behind(list: DeletableList, item: { tenant: string; id: string }): Promise<string[] | undefined>
}
