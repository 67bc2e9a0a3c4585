import type { ApprovalPolicy, SessionEvent } from '@weft/contracts'
import { activeTurn, findTurn } from './find-turn.ts'
import type { AdvanceContext, InputReply, SessionCommand } from './session-advance.ts'
import type { ApprovalState, SessionState, StepRef, StepState, TurnState } from './session-state.ts'

/**
 * One advance in the making. The given state is never changed: a turn or a step is copied the first time it is edited.
 */
export class SessionDraft {
  readonly nowMs: number
  readonly policies: ApprovalPolicy[]
  readonly agentVersions: Record<string, string>
  readonly commands: SessionCommand[] = []
  readonly events: SessionEvent[] = []
  reply: InputReply | undefined
  /** Whether anything was changed; an advance that only repeats commands needs no commit. */
  isTouched = false
  readonly #state: SessionState
  readonly #editedTurns = new Set<number>()
  readonly #editedSteps = new Set<StepState>()
  readonly #editedApprovals = new Set<ApprovalState>()

  constructor(state: SessionState, { nowMs, policies, agentVersions }: AdvanceContext) {
    this.#state = { ...state, turns: [...state.turns], outbox: [...state.outbox] }
    this.nowMs = nowMs
    this.policies = policies
    this.agentVersions = agentVersions
  }

  get session(): Readonly<SessionState> {
    return this.#state
  }

  findTurn(turn: number): TurnState | undefined {
    return findTurn(this.#state, turn)
  }

  activeTurn(): TurnState | undefined {
    return activeTurn(this.#state)
  }

  /** The session's own fields, for editing. */
  editSession(): SessionState {
    this.isTouched = true
    return this.#state
  }

  editTurn(turn: number): TurnState {
    const index = this.#state.turns.findIndex((candidate) => candidate.turn === turn)
    const found = this.#state.turns[index]
    if (found === undefined) throw new RangeError(`turn ${turn} is not in this session`)
    this.isTouched = true
    if (this.#editedTurns.has(turn)) return found
    const copy = { ...found, steps: { ...found.steps }, replyTopics: [...found.replyTopics], approvals: [...found.approvals] }
    this.#state.turns[index] = copy
    this.#editedTurns.add(turn)
    return copy
  }

  editStep(turn: number, stepId: string): StepState {
    const owner = this.editTurn(turn)
    const found = owner.steps[stepId]
    if (found === undefined) throw new RangeError(`step ${stepId} is not in turn ${turn}`)
    if (this.#editedSteps.has(found)) return found
    const copy = { ...found }
    owner.steps[stepId] = copy
    this.#editedSteps.add(copy)
    return copy
  }

  editApproval(turn: number, id: string): ApprovalState {
    const owner = this.editTurn(turn)
    const index = owner.approvals.findIndex((candidate) => candidate.id === id)
    const found = owner.approvals[index]
    if (found === undefined) throw new RangeError(`approval ${id} is not in turn ${turn}`)
    if (this.#editedApprovals.has(found)) return found
    const copy = { ...found }
    owner.approvals[index] = copy
    this.#editedApprovals.add(copy)
    return copy
  }

  addApproval(turn: number, approval: ApprovalState): void {
    this.editTurn(turn).approvals.push(approval)
    this.#editedApprovals.add(approval)
  }

  addTurn(turn: TurnState): void {
    this.isTouched = true
    this.#state.turns.push(turn)
    this.#editedTurns.add(turn.turn)
  }

  /** The step of a reference, when its attempt is the current one; a late or repeated message finds none. */
  currentStep({ turn, stepId, epoch, attempt }: StepRef): StepState | undefined {
    const step = this.findTurn(turn)?.steps[stepId]
    const isCurrent = step?.status === 'dispatched' && step.epoch === epoch && step.attempt === attempt
    return isCurrent ? step : undefined
  }

  command(command: SessionCommand): void {
    this.commands.push(command)
  }

  /** Appends to the session's log: the next seq, the time, the session. */
  log(type: SessionEvent['type'], turn: number, more: Record<string, unknown> = {}): void {
    this.isTouched = true
    this.#state.lastSeq += 1
    const at = new Date(this.nowMs).toISOString()
    this.events.push({ seq: this.#state.lastSeq, at, type, sessionId: this.#state.sessionId, turn, ...more })
  }
}
