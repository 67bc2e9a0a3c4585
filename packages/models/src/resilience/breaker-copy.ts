import { setTimeout as sleep } from 'node:timers/promises'
import { BreakerState, closedBreaker } from './core/breaker.ts'
import type { PatientState } from './patient-state.ts'
import { within } from './within.ts'

type Apply = (state: BreakerState) => BreakerState

/** One process's copy of one breaker. */
export interface BreakerCopy {
  state(): BreakerState
  /** Looks at the shared state beside the calls, at most every 100 ms; a promise, of 20 ms at most, only where the copy is too old to decide by. */
  freshen(): Promise<void> | undefined
  /**
   * Changes the copy at once, and then the shared state; where that is away, once it is back. Answers the state that is shared then, without this
   * change if others changed it too often for it to be written; the copy where the shared state is away.
   */
  change(apply: Apply): Promise<BreakerState>
  settled(): Promise<void>
}

/** What the process believes without waiting, and how often it looks: an open breaker is seen by all within the longer of them. */
const trustedMs = 200
const lookAfterMs = 100
/** A shared state that takes longer to answer is believed late: the copy decides meanwhile. */
const waitMsMax = 20

/** Of changes that the shared state did not take while it was away; the oldest go first. */
const unwrittenMax = 100

/** `shared` undefined: the copy is all there is. */
export function createBreakerCopy(options: { key: string; shared: PatientState | undefined; nowMs(): number }): BreakerCopy {
  const { key, shared, nowMs } = options
  let copy: BreakerState = closedBreaker
  let readAtMs = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  /** What this process knows and the shared state does not yet. */
  let unwritten: Apply[] = []
  let writing: Promise<BreakerState> | undefined
  /** Writes that the shared state has taken. */
  let writes = 0
  let last: Promise<unknown> | undefined
  const reachable = () => (shared?.isAway() === false ? shared : undefined)

  async function look(store: PatientState): Promise<void> {
    const askedAtMs = nowMs()
    const writesBefore = writes
    // Away: the copy is what there is to decide by.
    const found = await readBreaker(store, key).catch(() => undefined)
    // What was read before a write of this process came through is older than what it wrote.
    if (found !== undefined && writes === writesBefore) {
      copy = applyAll(found.state, unwritten)
      readAtMs = askedAtMs
      if (unwritten.length > 0) void write(store)
    }
    looking = undefined
  }

  /** Changes that come while others are written go together. */
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
      // Read in the future, by a clock that was set back since, it is old too.
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

/** Others write the same breaker only when calls to it fail or try. */
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
