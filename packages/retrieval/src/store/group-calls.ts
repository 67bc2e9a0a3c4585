export type GroupOptions<T> = {
  itemsMax: number
  weightMax: number
  weightOf(item: T): number
  /** Whether a failure is not the fault of any item. Then all items of the group fail with it, and none is tried again by itself. */
  isShared(thrown: unknown): boolean
}

/**
 * Groups items into calls: those that arrive during a call go together into the next one, and an item that arrives between calls is not delayed. When a call for several
 * items fails, each is tried by itself, so that no item gets another one's error. `call` must answer in the order of its items.
 */
export function groupCalls<T, R>(call: (items: T[]) => Promise<R[]>, options: GroupOptions<T>): (item: T) => Promise<R> {
  type Waiting = { item: T; resolve(result: R): void; reject(reason: unknown): void }
  let waiting: Waiting[] = []
  let isBusy = false

  async function run(): Promise<void> {
    if (isBusy) return
    isBusy = true
    while (waiting.length > 0) {
      const group = waiting.slice(0, fitting(waiting))
      waiting = waiting.slice(group.length)
      await answer(group)
    }
    isBusy = false
  }

  function fitting(all: Waiting[]): number {
    let weight = 0
    const tooMany = all.findIndex(({ item }, index) => {
      weight += options.weightOf(item)
      return index > 0 && (index >= options.itemsMax || weight > options.weightMax)
    })
    return tooMany < 0 ? all.length : tooMany
  }

  async function answer(group: Waiting[]): Promise<void> {
    try {
      const results = await call(group.map(({ item }) => item))
      for (const [index, { resolve, reject }] of group.entries()) {
        const result = results[index]
        if (result === undefined) reject(new TypeError('a grouped call answers for every item'))
        else resolve(result)
      }
    } catch (thrown) {
      if (group.length === 1 || options.isShared(thrown)) for (const { reject } of group) reject(thrown)
      else for (const each of group) await answer([each])
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      void run()
    })
}
