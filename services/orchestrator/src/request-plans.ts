import { PlannerAnswer, type PlannerRequest, toWeftError } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { withSpan } from '@weft/telemetry'
import type { PlanResult, SessionInput, SessionState } from './core/session-state.ts'

export interface PlanRequester {
  /** Asks the planner for a turn's plan, unless this host is already asking. */
  request(actorId: string, state: SessionState, command: { turn: number; planAttempt: number }): void
}

export interface PlanRequesterOptions {
  sidecar: Sidecar
  apply: (actorId: string, input: SessionInput) => Promise<void>
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

/** Planning by a model may take a while; planning by rules takes a millisecond. */
const planTimeoutMs = 60_000

export function createPlanRequester(options: PlanRequesterOptions): PlanRequester {
  const asking = new Set<string>()
  return {
    request(actorId, state, { turn, planAttempt }) {
      const key = `${actorId}/${turn}/${planAttempt}/${state.epoch}`
      const body = plannerRequest(state, turn)
      if (asking.has(key) || body === undefined) return
      asking.add(key)
      const traceparent = state.turns.find((candidate) => candidate.turn === turn)?.request.traceparent
      withSpan('plan planner', { kind: 'client', parent: traceparent, attributes: { 'gen_ai.agent.name': 'planner' } }, () =>
        ask(options.sidecar, body),
      )
        .then((result) => options.apply(actorId, { type: 'planned', turn, planAttempt, result }))
        .catch((cause: unknown) => options.onProblem('plan', actorId, cause))
        .finally(() => asking.delete(key))
    },
  }
}

function plannerRequest(state: SessionState, turn: number): PlannerRequest | undefined {
  const request = state.turns.find((candidate) => candidate.turn === turn)?.request
  if (request === undefined) return undefined
  const { model, messages, vectorStoreIds, options } = request
  return { tenant: state.tenant, model, messages, vectorStoreIds, ...(options.mode === undefined ? {} : { mode: options.mode }) }
}

async function ask(sidecar: Sidecar, body: PlannerRequest): Promise<PlanResult> {
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
