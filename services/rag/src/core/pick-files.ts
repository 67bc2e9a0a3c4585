/** A file waits to be tried with others, and is done alone when that does not do. */
export type Waiting<T extends { tenant: string }> = { job: T; isAlone: boolean }

/** Small files worked on together: enough to make statements dear no more, few enough that none waits long for the others. */
const togetherMax = 64

/**
 * Chooses which of the files that wait are worked on next: one that is done alone, or many together. Tenants have their turns one after the other, so that
 * the file of one does not wait for the thousands of another.
 */
export function createFilePicker<T extends { tenant: string }>(): (
  waiting: ReadonlyMap<string, Waiting<T>>,
) => Map<string, Waiting<T>> {
  /** Tenants that wait, the one whose last turn is longest ago first. */
  let order: string[] = []

  return (waiting) => {
    const byTenant = Map.groupBy(waiting, ([, { job }]) => job.tenant)
    order = [...new Set([...order.filter((tenant) => byTenant.has(tenant)), ...byTenant.keys()])]
    const [tenant = ''] = order
    const [first] = byTenant.get(tenant) ?? []
    const picked = first?.[1].isAlone === true ? new Map([first]) : pickTogether(order.map((each) => byTenant.get(each) ?? []))
    const served = new Set([...picked.values()].map(({ job }) => job.tenant))
    order = [...order.filter((each) => !served.has(each)), ...order.filter((each) => served.has(each))]
    return picked
  }
}

/** Of each tenant one file in turn. */
function pickTogether<T extends { tenant: string }>(tenants: [string, Waiting<T>][][]): Map<string, Waiting<T>> {
  const untried = tenants.map((files) => files.filter(([, { isAlone }]) => !isAlone))
  const longest = Math.max(...untried.map(({ length }) => length))
  const picked = new Map<string, Waiting<T>>()
  for (let round = 0; round < longest; round += 1)
    for (const files of untried) {
      const next = files[round]
      if (next !== undefined && picked.size < togetherMax) picked.set(...next)
    }
  return picked
}
