import { createHash } from 'node:crypto'
import type { ChatCompletionRequest, ReplyDetail, SubmitTurn, TurnAccepted, TurnSeed, WeftError } from '@weft/contracts'
import { type FairPlaces, isSilence, mayCrashAround } from '@weft/mesh'
import { currentTraceparent } from '@weft/telemetry'
import { hashRequest } from '../core/request-hash.ts'
import { withoutApprovalCalls } from '../core/tool-answers.ts'
import { modelOptionsOf } from '../core/workflow-request.ts'
import type { ReadableStores } from '../readable-stores.ts'
import { askAgainSoon, isPassing, retryBriefly } from '../retry-briefly.ts'
import { type CancelRefusedDeps, cancelRefused } from './cancel-refused.ts'
import type { Sessions } from './dapr-sessions.ts'
import type { PlanChecks } from './plan-checks.ts'

export interface SubmitDeps extends CancelRefusedDeps {
  sessions: Pick<Sessions, 'submit' | 'cancelRequest'>
  stores: Pick<ReadableStores, 'resolve'>
  plans: PlanChecks
  replyTopic: string
  /** How many turns are handed over at once. */
  submissions: Pick<FairPlaces, 'enter'>
  /** The names of the parts of the mesh that do not answer right now. */
  findDown(): Promise<string[]>
  /** How long something that restarts is waited for. Default 8 s; finding out what is down may take 3 s more. */
  patienceMs?: number
  /** How long a mesh is waited for that is only slow: attempts begin until then. Default 30 s. */
  slowPatienceMs?: number
}

export interface TurnRequest {
  tenant: string
  sessionId: string
  keyId: string
  /** Unique to this HTTP request; a request with an idempotency key is known by that instead. */
  requestId: string
  idempotencyKey: string | undefined
  chat: ChatCompletionRequest
  replyDetail: ReplyDetail
  /** What an earlier turn found and wrote, which this one begins with. */
  seed?: TurnSeed | undefined
  /** The turn it goes on from; default: whichever is the newest. */
  previousTurn?: number | undefined
  /** Whether it may be asked for as a response later. */
  isStored: boolean
  /** Whether its response tells of the search as of a call. */
  showsSearch: boolean
  /** What its client wrote on its response. */
  metadata?: Record<string, string> | undefined
}

/**
 * Hands a turn to its session, in the order asked where there are many at once: each of hundreds would take longer than is waited for it, and all be sent
 * again. A part of the mesh that is down is waited for briefly, because most restart within seconds; then the refusal names it. A mesh
 * that is only slow, because much is asked of it at once, is waited for longer: a client that is refused sends its request again, which would be more work for
 * the mesh. Submitting a turn several times is harmless: it has one key, and a session takes each key once. A refused turn that was taken all the same is
 * cancelled, because its client sends it again.
 */
export async function submitTurn(deps: SubmitDeps, request: TurnRequest): Promise<TurnAccepted> {
  const place = await deps.submissions.enter({ tenant: request.tenant, cost: 1 })
  try {
    return await submitPatiently(deps, request)
  } finally {
    place.leave()
  }
}

async function submitPatiently(deps: SubmitDeps, request: TurnRequest): Promise<TurnAccepted> {
  const { patienceMs = 8_000, slowPatienceMs = 30_000 } = deps
  const startedAtMs = performance.now()
  let isSent = false
  const onSend = () => {
    isSent = true
  }
  for (;;) {
    try {
      return await retryBriefly((signal) => submitOnce(deps, request, { signal, onSend }), patienceMs)
    } catch (thrown) {
      if (!isPassing(thrown)) throw thrown
      const maySoonAnswer = isSilence(thrown) && performance.now() - startedAtMs < slowPatienceMs
      if (maySoonAnswer) continue
      if (isSent && !canBeFoundAgain(request)) cancelRefused(deps, request, turnKey(request))
      throw await nameWhatIsDown(deps, thrown)
    }
  }
}

async function submitOnce(
  deps: SubmitDeps,
  request: TurnRequest,
  { signal, onSend }: { signal: AbortSignal; onSend: () => void },
): Promise<TurnAccepted> {
  const { plan, vectorStoreIds } = request.chat.weft ?? {}
  if (plan !== undefined) await deps.plans.requireSound(plan, { param: 'weft.plan', signal })
  const stores = await deps.stores.resolve(request.tenant, vectorStoreIds)
  onSend()
  return mayCrashAround('submit', () => deps.sessions.submit(turnOf(deps, request, stores), signal))
}

function turnOf(deps: SubmitDeps, request: TurnRequest, vectorStoreIds: string[]): SubmitTurn {
  const {
    tenant,
    sessionId,
    keyId,
    requestId,
    chat,
    replyDetail,
    seed,
    previousTurn,
    isStored,
    showsSearch,
    metadata = {},
  } = request
  const user = chat.safety_identifier ?? chat.user
  const traceparent = currentTraceparent()
  return {
    tenant,
    sessionId,
    keyId,
    requestId,
    idempotencyKey: turnKey(request),
    ...(request.idempotencyKey === undefined ? {} : { requestHash: hashRequest(chat) }),
    replyTopic: deps.replyTopic,
    replyDetail,
    model: chat.model,
    messages: withoutApprovalCalls(chat.messages),
    modelOptions: modelOptionsOf(chat),
    vectorStoreIds,
    options: chat.weft ?? {},
    ...(isStored ? {} : { isStored }),
    ...(showsSearch ? { showsSearch } : {}),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(seed === undefined ? {} : { seed }),
    ...(previousTurn === undefined ? {} : { previousTurn }),
    ...(user == null ? {} : { user }),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}

/** Whether its client may still come to the turn: by the same key, or by asking the session how far it is. */
function canBeFoundAgain({ idempotencyKey, chat }: TurnRequest): boolean {
  return idempotencyKey !== undefined || chat.weft?.background === true
}

/** The key of the turn: the client's own or, without one, the request's id, by which an attempt finds the turn that an earlier one made. */
function turnKey({ idempotencyKey, requestId }: TurnRequest): string {
  return idempotencyKey === undefined
    ? `request-${requestId}`
    : `client-${createHash('sha256').update(idempotencyKey).digest('hex')}`
}

async function nameWhatIsDown(deps: SubmitDeps, cause: WeftError): Promise<WeftError> {
  const down = await deps.findDown()
  const isSlow = down.length === 0 && isSilence(cause)
  const names = down.length === 0 ? 'a part of the mesh' : down.join(', ')
  const what = isSlow ? 'the mesh is busy and did not take the request in time' : `not available right now: ${names}`
  return askAgainSoon(what, cause, { down })
}
