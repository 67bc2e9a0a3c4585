import type { SessionView, StepView, TurnSeed, TurnView, WorkflowStep } from '@weft/contracts'
import { activeTurn } from './find-turn.ts'
import { foundOf } from './found-places.ts'
import type { SessionState, StepRef, StepState, TurnState } from './session-state.ts'
import { versionOf } from './version-of.ts'
import { viewApprovals } from './view-approval.ts'

/** How a host says that an attempt it runs stands: whether it waits for a place at its agent, and until when it may take, in epoch milliseconds, if not as the step says. */
export interface AttemptTold {
  isWaiting: boolean
  deadlineMs?: number
}

/** Undefined for an attempt that this host has not begun. */
export type TellAttempt = (ref: StepRef) => AttemptTold | undefined

/** Where nobody knows better. */
function working(): AttemptTold {
  return { isWaiting: false }
}

/** What clients see of a session. */
export function viewSession(state: SessionState, tell: TellAttempt = working): SessionView {
  const newest = state.turns.at(-1)
  return {
    id: state.sessionId,
    object: 'session',
    status: (activeTurn(state) ?? newest)?.status ?? 'completed',
    createdAt: iso(state.createdAtMs),
    updatedAt: iso(state.updatedAtMs),
    lastSeq: state.lastSeq,
    turns: state.turns.map((turn) => viewTurn(state, turn, tell)),
    ...(state.user === undefined ? {} : { user: state.user }),
    ...(state.isPaused ? { isPaused: true } : {}),
    ...(newest?.request.parent === undefined ? {} : { parent: newest.request.parent }),
  }
}

function viewTurn(state: SessionState, turn: TurnState, tell: TellAttempt): TurnView {
  const approvals = viewApprovals(state, turn)
  return {
    turn: turn.turn,
    status: turn.status,
    model: turn.request.model,
    ...beginningOf(turn),
    steps: (turn.plan?.steps ?? []).flatMap((step) => viewStep({ isPaused: state.isPaused, turn, tell }, step)),
    ...wishesOf(turn.request),
    ...(turn.endedAtMs === undefined ? {} : { endedAt: iso(turn.endedAtMs) }),
    ...(turn.plan === undefined ? {} : { plan: turn.plan, planVersion: turn.planVersion, versions: turn.versions }),
    ...(approvals.length === 0 ? {} : { approvals }),
    ...(turn.request.seed === undefined ? {} : { forkedFrom: forkOf(turn.request.seed) }),
    ...(turn.answer === undefined ? {} : { answer: turn.answer }),
  }
}

/** When a turn was accepted, and in which trace. */
export function beginningOf({
  acceptedAtMs,
  request,
}: Pick<TurnState, 'acceptedAtMs' | 'request'>): Pick<TurnView, 'acceptedAt' | 'traceId'> {
  const traceId = request.traceparent?.split('-')[1]
  return { acceptedAt: iso(acceptedAtMs), ...(traceId === undefined ? {} : { traceId }) }
}

function wishesOf({
  options: { background, approval },
  isStored,
  showsSearch,
  metadata,
}: TurnState['request']): Pick<TurnView, 'isBackground' | 'isStored' | 'showsSearch' | 'metadata' | 'onPause'> {
  return {
    ...(background === true ? { isBackground: true } : {}),
    ...(isStored === false ? { isStored } : {}),
    ...(showsSearch === true ? { showsSearch } : {}),
    ...(metadata === undefined ? {} : { metadata }),
    ...(approval === undefined ? {} : { onPause: approval }),
  }
}

function forkOf({ from, savedUsd, finished }: TurnSeed): NonNullable<TurnView['forkedFrom']> {
  return { ...from, savedUsd, stepsReused: Object.keys(finished).length }
}

interface Seen {
  isPaused: boolean
  turn: TurnState
  tell: TellAttempt
}

function viewStep(seen: Seen, step: WorkflowStep): StepView[] {
  const { isPaused, turn } = seen
  const state = turn.steps[step.stepId]
  if (state === undefined) return []
  const waitingFor = isPaused && state.status === 'ready' ? { cause: 'the session is paused' } : waitOf(seen, step, state)
  return [
    {
      stepId: step.stepId,
      agent: state.agent,
      ...versionOf(state),
      capability: step.capability,
      dependsOn: step.dependsOn,
      status: state.status,
      attempt: state.attempt,
      costUsd: state.usage.reduce((sum, used) => sum + used.costUsd, 0),
      ...(state.startedAtMs === undefined ? {} : { startedAt: iso(state.startedAtMs) }),
      ...(state.endedAtMs === undefined ? {} : { endedAt: iso(state.endedAtMs) }),
      ...(state.problem === undefined ? {} : { problem: state.problem }),
      ...(waitingFor === undefined ? {} : { waitingFor }),
      ...(state.child === undefined ? {} : { childSessionId: state.child.sessionId }),
      ...(state.isReused ? { isReused: true } : {}),
      ...foundOf(state),
    },
  ]
}

function waitOf({ turn, tell }: Seen, step: WorkflowStep, state: StepState): StepView['waitingFor'] {
  switch (state.status) {
    case 'pending': {
      const open = step.dependsOn.filter((stepId) => !['succeeded', 'skipped'].includes(turn.steps[stepId]?.status ?? ''))
      return { cause: 'dependencies', owner: open.join(', ') }
    }
    case 'ready':
      return {
        cause: `retry after: ${state.problem?.message ?? 'a failure'}`,
        owner: state.agent,
        deadline: iso(state.notBeforeMs),
      }
    case 'dispatched':
      return childWait(state) ?? agentWait(state, tell({ turn: turn.turn, stepId: step.stepId, ...state }))
    case 'awaiting_approval':
      return approvalWait(turn, state)
    default:
      return undefined
  }
}

function agentWait({ agent: owner, deadlineMs }: StepState, told: AttemptTold | undefined): StepView['waitingFor'] {
  if (told === undefined) return { cause: 'the step has not been sent to its agent yet', owner }
  if (told.isWaiting) return { cause: 'the agent works on as many steps as it takes at once', owner }
  return { cause: 'the agent is working', owner, deadline: iso(told.deadlineMs ?? deadlineMs) }
}

/** What a step's session waits for is what the step waits for. */
function childWait({ child, deadlineMs }: StepState): StepView['waitingFor'] {
  if (child === undefined) return undefined
  const { sessionId, approvals } = child
  const asked = approvals.find(({ status }) => status === 'pending')
  if (asked === undefined) return { cause: 'the session is working', owner: sessionId, deadline: iso(deadlineMs) }
  const { id, reason, assignees, deadline } = asked
  return {
    cause: `approval ${id} in session ${asked.sessionId}: ${reason}`,
    owner: decidersOf(assignees),
    ...(deadline === undefined ? {} : { deadline }),
  }
}

function decidersOf(assignees: string[]): string {
  return assignees.length === 0 ? 'every key with the scope approve' : assignees.join(', ')
}

function approvalWait({ approvals }: TurnState, { approvalId }: StepState): StepView['waitingFor'] {
  const approval = approvals.find((candidate) => candidate.id === approvalId)
  if (approval === undefined) return { cause: 'an approval' }
  const { id, question, assignees, deadlineMs } = approval
  return {
    cause: `approval ${id}: ${question.reason}`,
    owner: decidersOf(assignees),
    ...(deadlineMs === undefined ? {} : { deadline: iso(deadlineMs) }),
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
