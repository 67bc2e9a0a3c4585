import type { SubmitTurn, WorkflowPlan, WorkflowStep } from '@weft/contracts'
import { advanceSession } from './advance-session.ts'
import {
  type Advance,
  newSession,
  type SessionCommand,
  type SessionInput,
  type SessionState,
  type StepRef,
} from './session-state.ts'

/** A session driven by hand: a clock that only moves when told, and the commands so far. */
export class DrivenSession {
  nowMs = 1_000_000
  state: SessionState = { ...newSession({ tenant: 'acme', sessionId: 's1', user: undefined }, 1_000_000), epoch: 1 }
  readonly commands: SessionCommand[] = []
  readonly eventTypes: string[] = []

  send(input: SessionInput): Advance {
    const advance = advanceSession(this.state, input, this.nowMs)
    this.state = advance.state
    this.commands.push(...advance.commands)
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

  succeed(stepId: string, output: unknown = { text: stepId }): Advance {
    return this.send({
      type: 'outcome',
      ...this.ref(stepId),
      usage: [],
      outcome: { kind: 'succeeded', output, citations: [], confidence: 1 },
    })
  }

  fail(stepId: string, isRetryable = false): Advance {
    const problem = { code: 'upstream_error' as const, message: `${stepId} broke`, isRetryable }
    return this.send({ type: 'outcome', ...this.ref(stepId), usage: [], outcome: { kind: 'failed', problem } })
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
