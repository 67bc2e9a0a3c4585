import type { CacheKey } from './core/cache-key.ts'
import { cosine, saysTheSame, similarityMin } from './core/similarity.ts'
import { createSingleFlight, type SingleFlight } from './single-flight.ts'

/** An answer in the pieces it came in: one for a body, several for a stream, on OpenAI's wire. Those of workflows are in a text that the gateway reads again. */
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
  /** How long it may still be given. */
  leftMs: number
}

/** Keeps answers for all processes of a mesh. Throws what its database throws. */
export interface AnswerStore {
  find(tenant: string, key: string): Promise<FoundAnswer | undefined>
  /** The last questions of requests that are equal but for their question: `others` is the hash of the rest. */
  questions(tenant: string, others: string): Promise<KeptQuestion[]>
  keep(entry: { key: CacheKey; answer: KeptAnswer; bytes: number; vector?: number[] | undefined; ttlMs: number }): Promise<void>
  forgetOld(): Promise<void>
}

export interface AnswerCache {
  /** Calls of this process for which others wait. */
  flights: SingleFlight<KeptAnswer>
  find(key: CacheKey): Promise<KeptAnswer | undefined>
  /** Keeps an answer for a while. Returns at once; it is stored afterwards. */
  keep(key: CacheKey, answer: KeptAnswer): void
  /** Settles once all answers given to `keep` are stored, or could not be. */
  settled(): Promise<void>
  start(): void
  stop(): Promise<void>
}

export interface AnswerCacheOptions {
  store: AnswerStore
  logger: { warn(message: string, details?: object): unknown }
  ttlMs: number
  /** Makes vectors of questions. Without it, only an equal request is a hit. */
  embed?: ((question: string, tenant: string) => Promise<ArrayLike<number>>) | undefined
  memoryBytesMax?: number
  nowMs?: () => number
}

const memoryBytesUsual = 32 * 1_048_576
/** Longer answers are not kept. */
const answerBytesMax = 262_144
const forgetEveryMs = 300_000
/** How many answers may be on their way into the database. While it is slow, further ones stay in this process's memory only. */
const storingMax = 64
/** A longer question says too much for one vector, so only an equal one is a hit. */
const questionCharsMax = 500

interface Remembered {
  answer: KeptAnswer
  bytes: number
  untilMs: number
}

/** Keeps the last used answers in memory, and all of them in the database. When the database fails, calls go on without it, and the log says so once. */
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

/** Keeps as many of the last used answers as fit. */
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
