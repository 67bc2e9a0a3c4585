import type { SharedState } from './shared-state.ts'
import { within } from './within.ts'

/** A shared state that takes longer to answer is taken to be away, and is not asked again for a second. */
const patienceMsUsual = 150
const awayMs = 1_000

export interface PatientState extends SharedState {
  /** Whether it did not answer when it was last asked, less than a second ago. */
  isAway(): boolean
}

/** Wraps a shared state for calls that cannot wait: it answers soon or throws, and throws at once while it is away. */
export function createPatientState(shared: SharedState, nowMs: () => number, patienceMs = patienceMsUsual): PatientState {
  let awayUntilMs = Number.NEGATIVE_INFINITY
  // A clock that is set back must not prolong this.
  const isAway = () => nowMs() < awayUntilMs && nowMs() >= awayUntilMs - awayMs
  const patiently = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isAway()) throw new Error('the shared state did not answer just now')
    try {
      return await within(patienceMs, work(), () => noAnswer(patienceMs))
    } catch (cause) {
      awayUntilMs = nowMs() + awayMs
      throw cause
    }
  }
  return {
    isAway,
    get: (key) => patiently(() => shared.get(key)),
    compareAndSet: (key, value, etag) => patiently(() => shared.compareAndSet(key, value, etag)),
  }
}

function noAnswer(patienceMs: number): never {
  throw new Error(`no answer within ${patienceMs} ms`)
}
