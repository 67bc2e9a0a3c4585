import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Approver, DecideApproval } from '@weft/contracts'
import type { InputReply } from '../session-advance.ts'
import type { ApprovalState, SessionState, TurnState } from '../session-state.ts'
import { decisionOn, type PersonAct } from './random-decision.ts'

const people: Approver[] = [
  { id: 'ann', roles: [], isAdmin: true },
  { id: 'ben', roles: [], isAdmin: false },
  { id: 'cy', roles: [], isAdmin: true },
]

/** Nobody has the same tried for ever. */
const failuresMax = 3

/** Those who are asked, one after the other: what they say is about what they were shown. */
export class SimulatedPeople {
  readonly #pick: (count: number) => number
  readonly #shown = new WeakMap<DecideApproval, ApprovalState>()
  #turn = 0

  constructor(pick: (count: number) => number) {
    this.#pick = pick
  }

  decide({ turns }: SessionState, act: PersonAct): DecideApproval | undefined {
    const asked = turns.flatMap((turn) => turn.approvals.filter(isPending).map((approval) => ({ turn, approval })))
    const { turn, approval } = asked[this.#pick(Math.max(1, asked.length))] ?? {}
    const by = people[this.#turn % people.length]
    if (turn?.plan === undefined || approval === undefined || by === undefined) return undefined
    this.#turn += 1
    const wish = { act: hasFailedTooOften(turn, approval) ? 'reject' : act, by, turn, pick: this.#pick } as const
    const decision = decisionOn(approval, wish)
    this.#shown.set(decision, approval)
    return decision
  }

  /** A decision that counts is about what was shown. */
  check(before: SessionState, decision: DecideApproval, reply: InputReply | undefined): void {
    assert.ok(reply?.kind === 'decided')
    if (reply.isRepeat) return
    const shown = this.#shown.get(decision)
    const asked = before.turns.flatMap(({ approvals }) => approvals).find(({ id }) => id === decision.approvalId)
    assert.ok(isDeepStrictEqual(whatOf(asked), whatOf(shown)), `approval ${decision.approvalId} is decided as it was shown`)
  }
}

function hasFailedTooOften({ approvals }: TurnState, { stepId }: ApprovalState): boolean {
  return approvals.filter((approval) => approval.kind === 'failure' && approval.stepId === stepId).length > failuresMax
}

function isPending({ status }: ApprovalState): boolean {
  return status === 'pending'
}

function whatOf(approval: ApprovalState | undefined): unknown[] {
  const { agent, capability, args } = approval?.question ?? {}
  return [agent, capability, args, approval?.planVersion]
}
