import type { CacheKey } from './core/cache-key.ts'
import { cosine, saysTheSame, similarityMin } from './core/similarity.ts'
import { createSingleFlight, type SingleFlight } from './single-flight.ts'

/** An answer in the pieces it came in: on OpenAI's wire, one of a body or several of a stream, or else in whatever text its keeper reads again. */
export interface KeptAnswer {
  model: string
  isStreamed: boolean
  pieces: string[]
  inputTokens: number
  outputTokens: number
}

export interface KeptQuestion {
  key: string
  question: string
  vector: number[]
}

export interface FoundAnswer {
  answer: KeptAnswer
  /** For how long it may still be given. */
  leftMs: number
}

/** Where all processes of a mesh keep answers. Throws what its database throws. */
export interface AnswerStore {
  find(tenant: string, key: string): Promise<FoundAnswer | undefined>
  /** The last questions that were asked with the same everything else. */
  questions(tenant: string, others: string): Promise<KeptQuestion[]>
  keep(entry: { key: CacheKey; answer: KeptAnswer; bytes: number; vector?: number[] | undefined; ttlMs: number }): Promise<void>
  forgetOld(): Promise<void>
}

export interface AnswerCache {
  /** Of this process. */
  flights: SingleFlight<KeptAnswer>
  find(key: CacheKey): Promise<KeptAnswer | undefined>
  /** Keeps it for a while; nobody waits for it. */
  keep(key: CacheKey, answer: KeptAnswer): void
  /** Until what was given to keep is stored, or cannot be. */
  settled(): Promise<void>
  start(): void
  stop(): Promise<void>
}

export interface AnswerCacheOptions {
  store: AnswerStore
  logger: { warn(message: string, details?: object): unknown }
  ttlMs: number
  /** Vectors of questions; without them only the very same request is a hit. */
  embed?: ((question: string, tenant: string) => Promise<ArrayLike<number>>) | undefined
  memoryBytesMax?: number
  nowMs?: () => number
}

const memoryBytesUsual = 32 * 1_048_576
/** Longer answers are not kept. */
const answerBytesMax = 262_144
const forgetEveryMs = 300_000
/** Answers on their way into the database; while it is slow, more stay in this process's memory only. */
const storingMax = 64
/** Longer questions say too much for one vector: only the very same one is a hit. */
const questionCharsMax = 500

interface Remembered {
  answer: KeptAnswer
  bytes: number
  untilMs: number
}

/** Answers in memory, the last used ones, and behind it those in the database. What the database cannot do is not done, and said once. */
export function createAnswerCache(options: AnswerCacheOptions): AnswerCache {
  const { store, logger, ttlMs, embed, memoryBytesMax = memoryBytesUsual, nowMs = () => performance.now() } = options
  const remembered = createMemory(memoryBytesMax, nowMs)
  const pending = new Set<Promise<void>>()
  let hasProblem = false
  let timer: NodeJS.Timeout | undefined

  const settled = async () => void (await Promise.all(pending))
  const quietly = async <T>(act: () => Promise<T>): Promise<T | undefined> => {
    try {
      const result = await act()
      hasProblem = false
      return result
    } catch (cause) {
      if (!hasProblem) logger.warn('answers are not kept or found for now', { cause: String(cause) })
      hasProblem = true
      return undefined
    }
  }

  async function findExact(tenant: string, key: string): Promise<KeptAnswer | undefined> {
    const found = await store.find(tenant, key)
    if (found === undefined) return undefined
    const { answer, leftMs } = found
    remembered.set(key, { answer, bytes: bytesOf(answer), untilMs: nowMs() + leftMs })
    return answer
  }

  async function findAlike({ tenant, others, question }: CacheKey): Promise<KeptAnswer | undefined> {
    if (embed === undefined || question === '' || question.length > questionCharsMax) return undefined
    const asked = await store.questions(tenant, others)
    if (asked.length === 0) return undefined
    const vector = await embed(question, tenant)
    const [best] = asked
      .map((each) => ({ ...each, similarity: cosine(vector, each.vector) }))
      .filter((each) => each.similarity >= similarityMin && saysTheSame(question, each.question))
      .toSorted((a, b) => b.similarity - a.similarity)
    return best === undefined ? undefined : findExact(tenant, best.key)
  }

  async function storeAnswer(key: CacheKey, answer: KeptAnswer, bytes: number): Promise<void> {
    const isShort = key.question !== '' && key.question.length <= questionCharsMax
    const vector = embed === undefined || !isShort ? undefined : Array.from(await embed(key.question, key.tenant))
    await store.keep({ key, answer, bytes, vector, ttlMs })
  }

  return {
    flights: createSingleFlight(),
    find: async (key) =>
      remembered.get(key.exact) ??
      (await quietly(async () => (await findExact(key.tenant, key.exact)) ?? (await findAlike(key)))),
    keep(key, answer) {
      const bytes = bytesOf(answer)
      if (bytes > answerBytesMax) return
      remembered.set(key.exact, { answer, bytes, untilMs: nowMs() + ttlMs })
      if (pending.size >= storingMax) return
      const storing: Promise<void> = quietly(() => storeAnswer(key, answer, bytes)).then(() => void pending.delete(storing))
      pending.add(storing)
    },
    settled,
    start() {
      timer = setInterval(() => void quietly(() => store.forgetOld()), forgetEveryMs)
      timer.unref()
    },
    async stop() {
      clearInterval(timer)
      await settled()
    },
  }
}

function bytesOf({ pieces }: KeptAnswer): number {
  return pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0)
}

/** The last used ones, as many as fit. */
function createMemory(bytesMax: number, nowMs: () => number) {
  const kept = new Map<string, Remembered>()
  let bytes = 0
  const drop = (key: string) => {
    bytes -= kept.get(key)?.bytes ?? 0
    kept.delete(key)
  }
  return {
    get(key: string): KeptAnswer | undefined {
      const found = kept.get(key)
      if (found === undefined) return undefined
      kept.delete(key)
      if (found.untilMs <= nowMs()) {
        bytes -= found.bytes
        return undefined
      }
      kept.set(key, found)
      return found.answer
    },
    set(key: string, entry: Remembered): void {
      drop(key)
      kept.set(key, entry)
      bytes += entry.bytes
      for (const oldest of kept.keys()) {
        if (bytes <= bytesMax) break
        drop(oldest)
      }
    },
  }
}
