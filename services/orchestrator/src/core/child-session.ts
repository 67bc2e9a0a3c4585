import { createHash } from 'node:crypto'
import {
  type ChatMessage,
  ChildParams,
  childAgent,
  childLimits,
  findPlanProblems,
  isTerminalStep,
  type ParentStep,
  type Problem,
  type SubmitTurn,
  type WorkflowStep,
} from '@weft/contracts'
import { findTurn } from './find-turn.ts'
import type { SessionState, StepRef, StepState, TurnState } from './session-state.ts'
import { textOfOutput } from './text-of-output.ts'

/** A child may wait for people; unless its step says otherwise it has as long as a request for approval, and a day. */
export const childTimeoutMsDefault = 691_200_000

/** Longest part of an earlier step's output that a child is told, in characters. */
const resultCharsMax = 20_000

export function isChildStep({ agent }: Pick<StepState, 'agent'>): boolean {
  return agent === childAgent.agent
}

/** The same step always opens the same session, unless a person let it be tried again, or do something else. */
export function childSessionId(
  { sessionId }: SessionState,
  turn: number,
  { stepId, step }: { stepId: string; step: StepState },
): string {
  const retries = step.decisions.filter((decision) => decision.kind === 'failure').length
  const hash = createHash('sha256').update(`${sessionId}/${turn}/${stepId}/${retries}/${step.revision}`).digest('hex')
  return `sess_${hash.slice(0, 24)}`
}

/** What a child session is asked, or why there can be none; undefined when the step no longer wants one. */
export function childRequest(
  state: SessionState,
  ref: StepRef,
): ({ sessionId: string } & ({ request: SubmitTurn } | { problem: Problem })) | undefined {
  const turn = findTurn(state, ref.turn)
  const step = turn?.plan?.steps.find((candidate) => candidate.stepId === ref.stepId)
  const child = turn?.steps[ref.stepId]?.child
  if (turn === undefined || step === undefined || child === undefined) return undefined
  const parent = parentOf(state, turn, ref.stepId)
  const why = refusalOf(turn, step, parent)
  if (why !== undefined) {
    return {
      sessionId: child.sessionId,
      problem: { code: 'unprocessable_content', message: `step "${ref.stepId}" opens no session: ${why}`, isRetryable: false },
    }
  }
  const params = ChildParams.parse(step.params)
  const { plan, mode } = params
  const budgetUsd = turn.steps[ref.stepId]?.shareUsd
  return {
    sessionId: child.sessionId,
    request: {
      tenant: state.tenant,
      sessionId: child.sessionId,
      requestId: turn.request.requestId,
      idempotencyKey: `${state.sessionId}/${ref.turn}/${ref.stepId}`,
      model: params.model ?? turn.request.model,
      messages: messagesFor(params, turn, step),
      modelOptions: turn.request.modelOptions,
      vectorStoreIds: params.vectorStoreIds ?? turn.request.vectorStoreIds,
      options: {
        ...(plan === undefined ? {} : { plan }),
        ...(mode === undefined ? {} : { mode }),
        ...(budgetUsd === undefined ? {} : { budgetUsd }),
      },
      parent,
      rootAcceptedAtMs: rootAcceptedAtMs(turn),
      ...(state.user === undefined ? {} : { user: state.user }),
      ...(turn.request.keyId === undefined ? {} : { keyId: turn.request.keyId }),
      ...(turn.request.traceparent === undefined ? {} : { traceparent: turn.request.traceparent }),
    },
  }
}

function parentOf({ sessionId }: SessionState, { turn, request }: TurnState, stepId: string): ParentStep {
  const above = request.parent
  return { sessionId, rootSessionId: above?.rootSessionId ?? sessionId, turn, stepId, depth: (above?.depth ?? 0) + 1 }
}

/** When the turn was accepted that the client began: a child session's steps are as old as that where they wait in line. */
export function rootAcceptedAtMs({ acceptedAtMs, request }: TurnState): number {
  return request.rootAcceptedAtMs ?? acceptedAtMs
}

function refusalOf(turn: TurnState, { stepId, params }: WorkflowStep, { depth }: ParentStep): string | undefined {
  if (depth > childLimits.depthMax) return `sessions are at most ${childLimits.depthMax} deep`
  const children = Object.entries(turn.steps).filter(([, step]) => step.child !== undefined)
  if (children.findIndex(([id]) => id === stepId) >= childLimits.perTurnMax)
    return `a turn opens at most ${childLimits.perTurnMax}`
  const parsed = ChildParams.safeParse(params)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return `params.${issue?.path.join('.')}: ${issue?.message}`
  }
  const [problem] = parsed.data.plan === undefined ? [] : findPlanProblems(parsed.data.plan)
  return problem === undefined ? undefined : `params.plan: step "${problem.stepId ?? ''}": ${problem.message}`
}

/** What earlier steps found goes along, marked as what it is. */
function messagesFor({ input }: ChildParams, turn: TurnState, { dependsOn }: WorkflowStep): ChatMessage[] {
  if (typeof input !== 'string') return input
  const results = dependsOn.flatMap((stepId) => {
    const step = turn.steps[stepId]
    const text = textOfOutput(step?.outcome?.output).slice(0, resultCharsMax)
    return text === '' ? [] : [`<result step="${stepId}">\n${text}\n</result>`]
  })
  return [{ role: 'user', content: [input, ...results].join('\n\n') }]
}

/** Child sessions of a turn that are still at work. */
export function openChildren({ steps }: TurnState): string[] {
  return Object.values(steps).flatMap(({ status, child }) =>
    child === undefined || isTerminalStep(status) ? [] : [child.sessionId],
  )
}
