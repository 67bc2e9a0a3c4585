import { randomUUID } from 'node:crypto'
import { createLearnedQuality, type LearnedQuality, learningDefaults } from './core/learned-quality.ts'
import { createQualityPrice, type QualityPrice } from './core/quality-price.ts'
import type { RouteChoice, RouteOutcome, RoutingStore, StoredOutcome } from './routing-store.ts'

/** What this process has learned of models, separately for each tenant, and shares with other processes. */
export interface RoutingMemory {
  learned(tenant: string): LearnedQuality
  price(tenant: string, minQuality: number): QualityPrice
  noteChoice(choice: RouteChoice): void
  noteOutcome(outcome: RouteOutcome): void
  /** Begins to read what other processes have learned, every half minute. */
  start(): void
  /** Stores what has not been stored yet. */
  stop(): Promise<void>
}

export interface RoutingMemoryOptions {
  /** Undefined: what is learned ends with this process. */
  store?: RoutingStore | undefined
  logger: { warn(message: string, details?: object): unknown }
  nowMs?: () => number
}

/** How many tenants are in memory, the last ones used; each takes some 3 MB at most. */
const tenantsMax = 20
const pricesMax = 20
const waitingMax = 5_000
const batchMax = 200
const storeEveryMs = 1_000
const readEveryMs = 30_000
/** The wait until the next try while nothing could be read: the tables may not be there yet. */
const readAgainMs = 3_000
/** Failures in a row after which it is logged: a database that is starting fails the first times. */
const failuresTold = 5
/** How many rows before the last one are read again, because rows may become visible in another order than their numbers. */
const overlap = 500
const keptMs = 30 * 86_400_000
const forgetEveryReads = 120

interface TenantMemory {
  learned: LearnedQuality
  prices: Map<string, QualityPrice>
}

export function createRoutingMemory({ store, logger, nowMs = Date.now }: RoutingMemoryOptions): RoutingMemory {
  const writer = randomUUID()
  const tenants = new Map<string, TenantMemory>()
  const waiting: { choices: RouteChoice[]; outcomes: RouteOutcome[] } = { choices: [], outcomes: [] }
  const reader = createReader()
  let timers: NodeJS.Timeout[] = []
  let lastReadMs = 0

  const memoryOf = (tenant: string) =>
    lastUsed(tenants, { key: tenant, max: tenantsMax, create: () => ({ learned: createLearnedQuality(), prices: new Map() }) })
  const priceOf = (tenant: string, minQuality: number) => {
    const key = minQuality.toFixed(3)
    return lastUsed(memoryOf(tenant).prices, { key, max: pricesMax, create: () => createQualityPrice(Number(key)) })
  }

  const learn = ({ choice, reward, outputTokens }: RouteOutcome) => {
    const { tenant, model, taskClass, features, minQuality, expected, bestExpected } = choice
    memoryOf(tenant).learned.learn({ model, taskClass, features, reward, outputTokens })
    priceOf(tenant, minQuality).noteOutcome({ reward, expected, bestExpected })
  }

  const attempt = oneAtATime(store, logger)
  const save = () =>
    attempt(async (target) => {
      while (waiting.choices.length > 0 || waiting.outcomes.length > 0) {
        const batch = { choices: waiting.choices.slice(0, batchMax), outcomes: waiting.outcomes.slice(0, batchMax) }
        await target.save({ ...batch, writer })
        waiting.choices.splice(0, batch.choices.length)
        waiting.outcomes.splice(0, batch.outcomes.length)
      }
    })
  const read = () =>
    attempt(async (source) => {
      for (const outcome of await reader.read(source)) if (outcome.writer !== writer) learn(outcome)
      lastReadMs = nowMs()
      if (reader.reads() % forgetEveryReads === 0) await source.forget(nowMs() - keptMs)
    })

  return {
    learned: (tenant) => memoryOf(tenant).learned,
    price: priceOf,
    noteChoice(choice) {
      memoryOf(choice.tenant).learned.noteChoice(choice.model, choice.taskClass)
      // Stored so that feedback finds it, which only answers of sessions can get.
      if (store !== undefined && choice.sessionId !== undefined) pushBounded(waiting.choices, choice)
    },
    noteOutcome(outcome) {
      learn(outcome)
      if (store !== undefined) pushBounded(waiting.outcomes, outcome)
    },
    start() {
      void read()
      const readWhenDue = () => void (nowMs() - lastReadMs >= readEveryMs ? read() : undefined)
      timers = [setInterval(() => void save(), storeEveryMs), setInterval(readWhenDue, readAgainMs)]
      for (const timer of timers) timer.unref()
    },
    async stop() {
      for (const timer of timers) clearInterval(timer)
      await save()
    },
  }
}

/** Runs one thing at a time on the store. While the database is away, the log says so once, and what is to be stored waits. */
function oneAtATime(store: RoutingStore | undefined, logger: RoutingMemoryOptions['logger']) {
  let working: Promise<void> = Promise.resolve()
  let failures = 0
  return (act: (store: RoutingStore) => Promise<void>): Promise<void> => {
    if (store === undefined) return Promise.resolve()
    working = working.then(async () => {
      try {
        await act(store)
        failures = 0
      } catch (cause) {
        failures += 1
        if (failures === failuresTold) logger.warn('what models are worth is not shared for now', { cause: String(cause) })
      }
    })
    return working
  }
}

function createReader() {
  let last = 0
  let reads = 0
  let seen = new Set<number>()
  return {
    reads: () => reads,
    async read(store: RoutingStore): Promise<StoredOutcome[]> {
      reads += 1
      const rows = await store.outcomes({ perTenantMax: learningDefaults.memory, afterSeq: Math.max(0, last - overlap) })
      const fresh = rows.filter(({ seq }) => !seen.has(seq))
      last = Math.max(last, ...rows.map(({ seq }) => seq))
      seen = new Set(rows.map(({ seq }) => seq).filter((seq) => seq > last - overlap))
      return fresh
    },
  }
}

function pushBounded<T>(queue: T[], value: T): void {
  queue.push(value)
  if (queue.length > waitingMax) queue.shift()
}

/** The value of a key, made when it is missing. When there are more than `max`, the key that was used longest ago is dropped. */
function lastUsed<T>(map: Map<string, T>, { key, max, create }: { key: string; max: number; create(): T }): T {
  const value = map.get(key) ?? create()
  map.delete(key)
  map.set(key, value)
  const oldest = map.size > max ? map.keys().next().value : undefined
  if (oldest !== undefined) map.delete(oldest)
  return value
}
