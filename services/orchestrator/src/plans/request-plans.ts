import { PlannerAnswer, type PlannerRequest, type SubmitTurn, toWeftError, type WorkflowPlan } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { genAi, withSpan } from '@weft/telemetry'
import { findTurn } from '../core/find-turn.ts'
import type { PlanResult, SessionInput } from '../core/session-input.ts'
import type { SessionState } from '../core/session-state.ts'

export interface PlanRequester {
  /** Asks the planner for a turn's plan, unless this host is already asking. */
  request(actorId: string, state: SessionState, command: { turn: number; planAttempt: number }): void
  /**
   * Asks for a plan while the turn is still being committed, which saves the time of the commit: planning changes nothing outside. The answer is used only
   * if the committed turn then asks exactly the same.
   */
  prepare(actorId: string, request: SubmitTurn): void
}

export interface PlanRequesterOptions {
  sidecar: Pick<Sidecar, 'invoke'>
  /** Has the cards of the plan's agents read if they are not known yet. Never rejects. */
  ensureAgentsKnown: (plan: WorkflowPlan) => Promise<void>
  apply: (actorId: string, input: SessionInput) => Promise<void>
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

/** Planning by a model may take a while; planning by rules takes a millisecond. */
const planTimeoutMs = 60_000
/** An answer that is not asked for within this time is dropped: its turn was refused, or waits behind others. */
const preparedMs = 5_000
const preparedMax = 1_000

export function createPlanRequester(options: PlanRequesterOptions): PlanRequester {
  const asking = new Set<string>()
  const prepared = new Map<string, Promise<PlanResult>>()

  function take(key: string): Promise<PlanResult> | undefined {
    const found = prepared.get(key)
    prepared.delete(key)
    return found
  }

  return {
    request(actorId, state, { turn, planAttempt }) {
      const key = `${actorId}/${turn}/${planAttempt}/${state.epoch}`
      const request = findTurn(state, turn)?.request
      if (asking.has(key) || request === undefined) return
      asking.add(key)
      const result = take(preparedKey(actorId, request)) ?? ask(options.sidecar, request)
      result
        .then(async (answer) => {
          if (answer.kind === 'plan') await options.ensureAgentsKnown(answer.plan)
          await options.apply(actorId, { type: 'planned', turn, planAttempt, result: answer })
        })
        .catch((cause: unknown) => options.onProblem('plan', actorId, cause))
        .finally(() => asking.delete(key))
    },
    prepare(actorId, request) {
      const hasPlan = request.options.plan !== undefined || request.seed !== undefined
      if (hasPlan || prepared.size >= preparedMax) return
      const key = preparedKey(actorId, request)
      if (prepared.has(key)) return
      prepared.set(key, ask(options.sidecar, request))
      setTimeout(() => prepared.delete(key), preparedMs).unref()
    },
  }
}

/** Equal for equal questions of one session. */
function preparedKey(actorId: string, request: SubmitTurn): string {
  return `${actorId}/${request.idempotencyKey ?? ''}/${JSON.stringify(plannerRequest(request))}`
}

function plannerRequest({ tenant, model, messages, vectorStoreIds, options }: SubmitTurn): PlannerRequest {
  return { tenant, model, messages, vectorStoreIds, ...(options.mode === undefined ? {} : { mode: options.mode }) }
}

const planAttributes = {
  [genAi.operationName]: 'plan',
  [genAi.agentName]: 'planner',
  [genAi.openInferenceSpanKind]: 'AGENT',
}

/** Never rejects: a planner that cannot be reached is a result too. */
function ask(sidecar: Pick<Sidecar, 'invoke'>, request: SubmitTurn): Promise<PlanResult> {
  const span = { kind: 'client', parent: request.traceparent, attributes: planAttributes } as const
  return withSpan('plan planner', span, () => askPlanner(sidecar, plannerRequest(request)))
}

async function askPlanner(sidecar: Pick<Sidecar, 'invoke'>, body: PlannerRequest): Promise<PlanResult> {
  try {
    const answer = await sidecar.invoke('planner', '/plan', {
      body,
      schema: PlannerAnswer,
      signal: AbortSignal.timeout(planTimeoutMs),
    })
    if (answer.plan !== undefined) return { kind: 'plan', plan: answer.plan }
    if (answer.kind === 'clarification') return { kind: 'message', text: clarificationText(answer), degraded: ['clarification'] }
    return { kind: 'message', text: unsupportedText(answer), degraded: ['unsupported'] }
  } catch (thrown) {
    return { kind: 'problem', problem: toWeftError(thrown).toProblem() }
  }
}

function clarificationText({ question, options }: PlannerAnswer): string {
  const choices = (options ?? []).map((option) => `- ${option}`)
  return [question ?? 'Could you say more precisely what you need?', ...choices].join('\n')
}

function unsupportedText({ missing, problems }: PlannerAnswer): string {
  const reasons = [
    ...(missing ?? []).map((capability) => `no agent offers "${capability}"`),
    ...problems.map((problem) => problem.message),
  ]
  return `This request cannot be planned: ${reasons.join('; ')}.`
}
