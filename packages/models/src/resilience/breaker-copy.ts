import { setTimeout as sleep } from 'node:timers/promises'
import { BreakerState, closedBreaker } from './core/breaker.ts'
import type { PatientState } from './patient-state.ts'
import { within } from './within.ts'

type Apply = (state: BreakerState) => BreakerState

/** One process's copy of one breaker. */
export interface BreakerCopy {
  state(): BreakerState
  /** Reads the shared state while calls go on, at most every 100 ms. Answers a promise, of 20 ms at most, only when the copy is too old to decide by. */
  freshen(): Promise<void> | undefined
  /**
   * Changes the copy at once, and then the shared state; when that is away, once it is back. Answers the state that is shared afterwards, which lacks this change
   * if others changed it too often for it to be written. Answers the copy when the shared state is away.
   */
  change(apply: Apply): Promise<BreakerState>
  settled(): Promise<void>
}

/** How old a copy may be to decide by, and after how long it is read again. All processes see a breaker open within the longer of the two. */
const trustedMs = 200
const lookAfterMs = 100
/** How long a call waits for the shared state; if it takes longer, the copy decides. */
const waitMsMax = 20

/** How many changes are kept while the shared state is away; of more, the oldest are dropped. */
const unwrittenMax = 100

/** `shared` undefined: the copy is the only state. */
export function createBreakerCopy(options: { key: string; shared: PatientState | undefined; nowMs(): number }): BreakerCopy {
  const { key, shared, nowMs } = options
  let copy: BreakerState = closedBreaker
  let readAtMs = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  /** The changes of this process that the shared state has not taken yet. */
  let unwritten: Apply[] = []
  let writing: Promise<BreakerState> | undefined
  /** How many writes the shared state has taken. */
  let writes = 0
  let last: Promise<unknown> | undefined
  const reachable = () => (shared?.isAway() === false ? shared : undefined)

  async function look(store: PatientState): Promise<void> {
    const askedAtMs = nowMs()
    const writesBefore = writes
    // When the shared state is away, the copy decides.
    const found = await readBreaker(store, key).catch(() => undefined)
    // A state that was read before a write of this process came through is older than what it wrote.
    if (found !== undefined && writes === writesBefore) {
      copy = applyAll(found.state, unwritten)
      readAtMs = askedAtMs
      if (unwritten.length > 0) void write(store)
    }
    looking = undefined
  }

  /** Writes all changes that came while an earlier write was under way. */
  async function writeAfter(earlier: Promise<unknown> | undefined, store: PatientState): Promise<BreakerState> {
    await earlier
    writing = undefined
    const applies = unwritten
    const stored = applies.length === 0 ? undefined : await writeBreaker(store, key, applies).catch(() => undefined)
    if (stored === undefined) return copy
    writes += 1
    unwritten = unwritten.filter((apply) => !applies.includes(apply))
    copy = applyAll(stored, unwritten)
    return copy
  }

  function write(store: PatientState): Promise<BreakerState> {
    writing ??= writeAfter(last, store)
    last = writing
    return writing
  }

  return {
    state: () => copy,
    freshen() {
      const store = reachable()
      // A copy from the future, since the clock was set back, is old too.
      const ageMs = Math.abs(nowMs() - readAtMs)
      if (store === undefined || ageMs < lookAfterMs) return undefined
      looking ??= look(store)
      return ageMs < trustedMs ? undefined : within(waitMsMax, looking, () => undefined)
    },
    change(apply) {
      const next = apply(copy)
      if (next === copy) return Promise.resolve(copy)
      copy = next
      if (shared !== undefined) unwritten = [...unwritten, apply].slice(-unwrittenMax)
      const store = reachable()
      return store === undefined ? Promise.resolve(copy) : write(store)
    },
    async settled() {
      await looking
      await last
    },
  }
}

const applyAll = (state: BreakerState, applies: Apply[]) => applies.reduce((latest, apply) => apply(latest), state)

async function readBreaker(store: PatientState, key: string): Promise<{ state: BreakerState; etag: string | undefined }> {
  const found = await store.get(key)
  const parsed = BreakerState.safeParse(found?.value)
  return { state: parsed.success ? parsed.data : closedBreaker, etag: found?.etag }
}

/** Few, because other processes write the same breaker only when calls fail or probe. */
const conflictsMax = 20
const conflictWaitMs = 5

async function writeBreaker(store: PatientState, key: string, applies: Apply[]): Promise<BreakerState> {
  for (let conflicts = 0; ; conflicts++) {
    const { state, etag } = await readBreaker(store, key)
    const changed = applyAll(state, applies)
    if (changed === state || conflicts > conflictsMax) return state
    if (await store.compareAndSet(key, changed, etag)) return changed
    await sleep(Math.random() * conflictWaitMs)
  }
}
