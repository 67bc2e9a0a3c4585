import { randomUUID } from 'node:crypto'
import type { Admission, BreakerBoard } from '../attempt/call-controls.ts'
import { ModelError, type ModelErrorCode } from '../model-error.ts'
import { type BreakerCopy, createBreakerCopy } from './breaker-copy.ts'
import { admitCall, type BreakerState, type CallOutcome, dropProbe, kindAt, noteOutcome } from './core/breaker.ts'
import { createFailureShare, type FailureShare } from './core/failure-share.ts'
import { createPatientState } from './patient-state.ts'
import type { SharedState } from './shared-state.ts'

/** The breakers of all models, which all processes of the mesh share. */
export interface SharedBreakers extends BreakerBoard {
  /** The state as this process knows it. */
  stateOf(modelId: string): BreakerState['kind']
  /** Settles once what was reported so far is stored, or could not be. */
  settled(): Promise<void>
}

export interface BreakerOptions {
  /** Where breakers are shared; undefined: this process keeps its own. */
  shared?: SharedState | undefined
  nowMs?: () => number
}

/**
 * Admits calls without waiting while this process's copy of a breaker is fresh. Throws `model_unavailable`, which tells how long the model is left alone
 * (docs/resilience.md). While the shared state is away, each process goes on with what it knew, and learns by itself.
 */
export function createBreakerBoard({ shared, nowMs = Date.now }: BreakerOptions = {}): SharedBreakers {
  const patient = shared === undefined ? undefined : createPatientState(shared, nowMs)
  const known = new Map<string, KnownModel>()

  function modelOf(modelId: string): KnownModel {
    const found = known.get(modelId)
    if (found !== undefined) return found
    const model = { copy: createBreakerCopy({ key: `breaker/${modelId}`, shared: patient, nowMs }), share: createFailureShare() }
    const oldest = known.size >= knownMax ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
    known.set(modelId, model)
    return model
  }

  const copyOf = (modelId: string) => modelOf(modelId).copy

  const admission = (modelId: string, probe: string | undefined) => admissionTo(modelOf(modelId), { probe, nowMs })

  /** Admits a call that probes an open breaker. Of several callers only the one that the shared state names may probe. */
  async function admitProbe(modelId: string): Promise<Admission> {
    const owner = randomUUID()
    const call = { owner, nowMs: nowMs() }
    const stored = await copyOf(modelId).change((state) => {
      const verdict = admitCall(state, call)
      return verdict.kind === 'probe' ? verdict.next : state
    })
    if (stored.kind === 'closed') return admission(modelId, undefined)
    if (stored.kind === 'half_open' && stored.probe?.owner === owner) return admission(modelId, owner)
    const verdict = admitCall(stored, call)
    throw unavailable(modelId, verdict.kind === 'refuse' ? verdict.retryAfterMs : undefined)
  }

  function decide(modelId: string): Admission | Promise<Admission> {
    const verdict = admitCall(copyOf(modelId).state(), { owner: '', nowMs: nowMs() })
    if (verdict.kind === 'pass') return admission(modelId, undefined)
    if (verdict.kind === 'probe') return admitProbe(modelId)
    throw unavailable(modelId, verdict.retryAfterMs)
  }

  return {
    admit(modelId) {
      const stale = copyOf(modelId).freshen()
      return stale === undefined ? decide(modelId) : stale.then(() => decide(modelId))
    },
    stateOf: (modelId) => kindAt(copyOf(modelId).state(), nowMs()),
    async settled() {
      await Promise.all(Array.from(known.values(), ({ copy }) => copy.settled()))
    },
  }
}

function admissionTo(
  { copy, share }: KnownModel,
  { probe, nowMs }: { probe: string | undefined; nowMs: () => number },
): Admission {
  let isOver = false
  const end = (change: (state: BreakerState, atMs: number) => BreakerState) => {
    if (isOver) return
    isOver = true
    const atMs = nowMs()
    void copy.change((state) => change(state, atMs))
  }
  const note = (outcome: Pick<CallOutcome, 'isSuccess'>, times?: number[]) =>
    end((state, atMs) => (times ?? [atMs]).reduce((next, at) => noteOutcome(next, { ...outcome, atMs: at, probe }), state))
  const noteSuccess = () => {
    if (!isOver) share.succeeded(nowMs())
    note({ isSuccess: true })
  }
  const noteFailure = () => {
    if (!isOver) note({ isSuccess: false }, probe === undefined ? share.failed(nowMs()) : undefined)
  }
  const abandon = () => end((state) => (probe === undefined ? state : dropProbe(state, probe)))
  return {
    succeeded: noteSuccess,
    failed(code) {
      const meaning = meaningOf(code)
      if (meaning === 'nothing') abandon()
      else if (meaning === 'healthy') noteSuccess()
      else noteFailure()
    },
    abandoned: abandon,
  }
}

/** How many models are remembered; bounded, because a server at an address that the user set takes any name. */
const knownMax = 1_000

/** What this process knows of a model: its breaker, and how many of this process's calls of it fail. */
interface KnownModel {
  copy: BreakerCopy
  share: FailureShare
}

/** What a failure tells of the model's health: a model that refuses a request is healthy; one that was not allowed to answer may be either. */
function meaningOf(code: ModelErrorCode): 'ill' | 'healthy' | 'nothing' {
  switch (code) {
    case 'upstream_error':
    case 'timeout':
    case 'rate_limit_exceeded':
    case 'authentication':
    case 'permission':
      return 'ill'
    case 'invalid_request':
    case 'context_length_exceeded':
    case 'content_filter':
      return 'healthy'
    default:
      return 'nothing'
  }
}

function unavailable(modelId: string, retryAfterMs: number | undefined): ModelError {
  const message = `${modelId} has failed repeatedly and is left alone for a while`
  return new ModelError('model_unavailable', message, { isRetryable: true, retryAfterMs })
}
