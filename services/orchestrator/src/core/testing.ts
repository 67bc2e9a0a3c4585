import type {
  ApprovalPolicy,
  ApprovalView,
  Approver,
  DecideApproval,
  SessionEvent,
  SubmitTurn,
  Usage,
  WorkflowPlan,
  WorkflowStep,
} from '@weft/contracts'
import { advanceSession } from './advance-session.ts'
import { newSession } from './new-session.ts'
import type { Advance, SessionCommand } from './session-advance.ts'
import type { SessionInput } from './session-input.ts'
import type { SessionState, StepRef } from './session-state.ts'
import { viewSession } from './session-view.ts'

/** A session driven by hand: a clock that only moves when told, and the commands so far. */
export class DrivenSession {
  nowMs = 1_000_000
  state: SessionState = { ...newSession({ tenant: 'acme', sessionId: 's1', user: undefined }, 1_000_000), epoch: 1 }
  policies: ApprovalPolicy[] = []
  agentVersions: Record<string, string> = {}
  readonly commands: SessionCommand[] = []
  readonly eventTypes: string[] = []
  readonly events: SessionEvent[] = []

  send(input: SessionInput): Advance {
    const advance = advanceSession(this.state, input, {
      nowMs: this.nowMs,
      policies: this.policies,
      agentVersions: this.agentVersions,
    })
    this.state = advance.state
    this.commands.push(...advance.commands)
    this.events.push(...advance.events)
    this.eventTypes.push(...advance.events.map((event) => event.type))
    return advance
  }

  submit(more: Partial<SubmitTurn> = {}): Advance {
    return this.send({ type: 'submit', request: turnRequest(more) })
  }

  /** Submits a turn that brings its own plan. */
  run(steps: Partial<WorkflowStep>[]): Advance {
    return this.submit({ options: { plan: planOf(steps) } })
  }

  succeed(stepId: string, output: unknown = { text: stepId }, usage: Usage[] = []): Advance {
    return this.send({
      type: 'outcome',
      ...this.ref(stepId),
      usage,
      outcome: { kind: 'succeeded', output, citations: [], confidence: 1 },
    })
  }

  fail(stepId: string, isRetryable = false, usage: Usage[] = []): Advance {
    const problem = { code: 'upstream_error' as const, message: `${stepId} broke`, isRetryable }
    return this.send({ type: 'outcome', ...this.ref(stepId), usage, outcome: { kind: 'failed', problem } })
  }

  /** An agent asks in the middle of its step. */
  ask(stepId: string, args: unknown = { amount: 1 }): Advance {
    const outcome = { kind: 'needs_approval' as const, action: 'pay', args, reason: 'money leaves' }
    return this.send({ type: 'outcome', ...this.ref(stepId), usage: [], outcome })
  }

  /** Decides the pending approval of a step, as somebody without roles unless told otherwise. */
  decide(
    stepId: string,
    decision: Partial<DecideApproval> & Pick<DecideApproval, 'action'>,
    by: Partial<Approver> = {},
  ): Advance {
    const approvalId = this.approvalOf(stepId).id
    return this.send({
      type: 'decide',
      decision: { approvalId, by: { id: 'ann', roles: [], isAdmin: false, ...by }, ...decision },
    })
  }

  /** The newest approval of a step of the newest turn, as clients see it. */
  approvalOf(stepId: string): ApprovalView {
    const approvals = viewSession(this.state).turns.at(-1)?.approvals ?? []
    const [newest] = approvals
      .filter((approval) => approval.stepId === stepId)
      .toSorted((left, right) => right.id.localeCompare(left.id, 'en', { numeric: true }))
    if (newest === undefined) throw new RangeError(`step ${stepId} has no approval`)
    return newest
  }

  /** The current attempt of a step of the newest turn. */
  ref(stepId: string): StepRef {
    const turn = this.state.turns.at(-1)
    const step = turn?.steps[stepId]
    if (turn === undefined || step === undefined) throw new RangeError(`no step ${stepId}`)
    return { turn: turn.turn, stepId, epoch: step.epoch, attempt: step.attempt }
  }

  statusOf(stepId: string): string {
    return this.state.turns.at(-1)?.steps[stepId]?.status ?? 'unknown'
  }

  get turnStatus(): string {
    return this.state.turns.at(-1)?.status ?? 'none'
  }

  dispatched(): string[] {
    return this.commands.flatMap((command) => (command.type === 'dispatch' ? [command.stepId] : []))
  }
}

export function turnRequest(more: Partial<SubmitTurn> = {}): SubmitTurn {
  return {
    tenant: 'acme',
    sessionId: 's1',
    requestId: 'req_1',
    model: 'weft/auto',
    messages: [{ role: 'user', content: 'why is the sky blue?' }],
    modelOptions: {},
    vectorStoreIds: [],
    options: {},
    ...more,
  }
}

/** A plan whose last step answers; steps need only what differs from a plain one. */
export function planOf(steps: Partial<WorkflowStep>[]): WorkflowPlan {
  const whole = steps.map((step, index) => ({
    stepId: `step-${index}`,
    agent: 'worker',
    capability: 'work',
    params: {},
    dependsOn: [],
    parallel: false,
    ...step,
  }))
  return { planId: 'plan_test', schemaVersion: 1, steps: whole, answerStepId: whole.at(-1)?.stepId ?? '' }
}
