import { setTimeout as sleep } from 'node:timers/promises'
import { BreakerState, closedBreaker } from './core/breaker.ts'
import type { PatientState } from './patient-state.ts'

type Apply = (state: BreakerState) => BreakerState

/** One process's copy of one breaker. */
export interface BreakerCopy {
  state(): BreakerState
  /** Looks at the shared state beside the calls, at most every 100 ms; a promise only where the copy is too old to decide by. */
  freshen(): Promise<void> | undefined
  /**
   * Changes the shared state, then the copy; the copy alone where the shared state is away. Answers the new state, or the one that others
   * changed too often for this change to be written.
   */
  change(apply: Apply): Promise<BreakerState>
  settled(): Promise<void>
}

/** What the process believes without waiting, and how often it looks: an open breaker is seen by all within the longer of them. */
const trustedMs = 200
const lookAfterMs = 100

/** `shared` undefined: the copy is all there is. */
export function createBreakerCopy(options: { key: string; shared: PatientState | undefined; nowMs(): number }): BreakerCopy {
  const { key, shared, nowMs } = options
  let copy: BreakerState = closedBreaker
  let readAtMs = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  const reachable = () => (shared?.isAway() === false ? shared : undefined)

  async function look(store: PatientState): Promise<void> {
    const askedAtMs = nowMs()
    // Away: the copy is what there is to decide by.
    const found = await readBreaker(store, key).catch(() => undefined)
    if (found !== undefined) copy = found.state
    if (found !== undefined) readAtMs = askedAtMs
    looking = undefined
  }

  const writer = createWriter({
    async write(applies) {
      const store = reachable()
      const stored = store === undefined ? undefined : await writeBreaker(store, key, applies).catch(() => undefined)
      copy = stored ?? applyAll(copy, applies)
      return copy
    },
  })

  return {
    state: () => copy,
    freshen() {
      const store = reachable()
      const ageMs = nowMs() - readAtMs
      if (store === undefined || ageMs < lookAfterMs) return undefined
      looking ??= look(store)
      return ageMs < trustedMs ? undefined : looking
    },
    change(apply) {
      const next = apply(copy)
      if (next !== copy && reachable() !== undefined) return writer.add(apply)
      copy = next
      return Promise.resolve(copy)
    },
    async settled() {
      await looking
      await writer.settled()
    },
  }
}

const applyAll = (state: BreakerState, applies: Apply[]) => applies.reduce((latest, apply) => apply(latest), state)

interface Writer {
  add(apply: Apply): Promise<BreakerState>
  settled(): Promise<void>
}

/** Changes that come while others are written go together. */
function createWriter({ write }: { write(applies: Apply[]): Promise<BreakerState> }): Writer {
  let pending: Apply[] = []
  let next: Promise<BreakerState> | undefined
  let last: Promise<unknown> = Promise.resolve()

  async function after(earlier: Promise<unknown>): Promise<BreakerState> {
    await earlier
    const applies = pending
    pending = []
    next = undefined
    return write(applies)
  }

  return {
    add(apply) {
      pending.push(apply)
      next ??= after(last)
      last = next
      return next
    },
    async settled() {
      await last
    },
  }
}

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
