import { isDeepStrictEqual } from 'node:util'
import type { WorkflowStep } from '@weft/contracts'
import type { SessionState } from '../session-state.ts'

/** Names of the works that steps stand for: one for all tries of a step, until people have it do something else. */
export class ToldWork {
  readonly #changes = new Map<string, number>()

  nameOf(turn: number, stepId: string): string {
    return `${turn}/${stepId}/${this.#changes.get(`${turn}/${stepId}`) ?? 0}`
  }

  /** Takes what a decision changed. Returns the works that were let be tried again. */
  note(before: SessionState, after: SessionState): string[] {
    return after.turns.flatMap(({ turn, plan, approvals }) => {
      const earlier = before.turns.find((candidate) => candidate.turn === turn)
      const changed = plan === earlier?.plan ? [] : (plan?.steps ?? [])
      for (const step of changed) {
        const known = earlier?.plan?.steps.find(({ stepId }) => stepId === step.stepId)
        if (!isDeepStrictEqual(whatOf(known), whatOf(step))) this.#change(turn, step.stepId)
      }
      const pending = earlier?.approvals.filter(({ status, kind }) => status === 'pending' && kind === 'failure') ?? []
      return approvals
        .filter(({ id, status }) => ['approved', 'modified'].includes(status) && pending.some((asked) => asked.id === id))
        .map(({ stepId }) => this.nameOf(turn, stepId))
    })
  }

  #change(turn: number, stepId: string): void {
    const key = `${turn}/${stepId}`
    this.#changes.set(key, (this.#changes.get(key) ?? 0) + 1)
  }
}

function whatOf(step: WorkflowStep | undefined): unknown[] | undefined {
  return step === undefined ? undefined : [step.agent, step.capability, step.params]
}
