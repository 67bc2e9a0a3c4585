import type { SharedState } from './shared-state.ts'
import { within } from './within.ts'

/** A shared state that is slower than this is taken for away, unless its asker says otherwise, and not asked again for a second. */
const patienceMsUsual = 150
const awayMs = 1_000

export interface PatientState extends SharedState {
  /** Whether it did not answer just now. */
  isAway(): boolean
}

/** The shared state as a call that waits for it wants it: answering soon or not at all. While it is away it is not asked. */
export function createPatientState(shared: SharedState, nowMs: () => number, patienceMs = patienceMsUsual): PatientState {
  let awayUntilMs = Number.NEGATIVE_INFINITY
  // A clock that is set back must not make it longer.
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
