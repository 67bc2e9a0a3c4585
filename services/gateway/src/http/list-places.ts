/** Lists that are read whole, of which things are deleted. */
export type DeletableList = 'agents' | 'budgets' | 'webhooks'

/** Where things stood in their lists that were deleted within the last day: whoever goes through a list and deletes what it reads goes on behind them. */
export interface ListPlaces {
  /** Ids of what stands behind a deleted item; undefined where none was. What joined belongs to no tenant: ''. */
  behind(list: DeletableList, item: { tenant: string; id: string }): Promise<string[] | undefined>
}
