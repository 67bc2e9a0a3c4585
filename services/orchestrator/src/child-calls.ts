import { type ParentStep, SessionView, sessionActorId, toWeftError } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'
import { childRequest } from './core/child-session.ts'
import type { SessionInput, SessionState, StepRef } from './core/session-state.ts'

export interface ChildCallsOptions {
  sidecar: Pick<Sidecar, 'callActor'>
  apply: (actorId: string, input: SessionInput) => Promise<void>
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

/** Between a session and its children, over the runtime, which knows where each is. All of it may be lost: ticks ask again. */
export interface ChildCalls {
  /** Opens a step's child session unless it is open, and tells the step how far it is. */
  visit(actorId: string, state: SessionState, ref: StepRef): void
  call(state: SessionState, sessionId: string, method: string): void
  /** Tells a parent that something changed; a child that nobody wants any more is cancelled. */
  tellParent(actorId: string, state: SessionState, told: { turn: number; parent: ParentStep }): void
}

const Heard = z.object({ isWanted: z.boolean() })
const Anything = z.unknown()

export function createChildCalls({ sidecar, apply, onProblem }: ChildCallsOptions): ChildCalls {
  /** What is being asked; `again`, when something may have changed since. */
  const visiting = new Map<string, { again: boolean }>()

  async function visit(actorId: string, state: SessionState, { turn, stepId, epoch, attempt }: StepRef): Promise<void> {
    const ref = { turn, stepId, epoch, attempt }
    const asked = childRequest(state, ref)
    if (asked === undefined) return
    if ('problem' in asked) {
      await apply(actorId, { type: 'outcome', ...ref, usage: [], outcome: { kind: 'failed', problem: asked.problem } })
      return
    }
    const child = { type: 'Session', id: sessionActorId(state.tenant, asked.request.sessionId) }
    await sidecar.callActor({ ...child, method: 'submit' }, { body: asked.request, schema: Anything })
    const { turns } = await sidecar.callActor({ ...child, method: 'view' }, { schema: SessionView })
    const [first] = turns
    if (first === undefined) return
    const { status, approvals = [], answer } = first
    await apply(actorId, { type: 'child', ...ref, status, approvals, answer })
  }

  async function visitUntilCalm(key: string, once: () => Promise<void>): Promise<void> {
    const running = { again: true }
    visiting.set(key, running)
    try {
      while (running.again) {
        running.again = false
        await once()
      }
    } finally {
      visiting.delete(key)
    }
  }

  async function tellParent(actorId: string, { tenant }: SessionState, { turn, parent }: { turn: number; parent: ParentStep }) {
    const target = { type: 'Session', id: sessionActorId(tenant, parent.sessionId), method: 'childChanged' }
    const isWanted = await sidecar
      .callActor(target, { body: { turn: parent.turn, stepId: parent.stepId }, schema: Heard })
      .then((heard) => heard.isWanted)
      .catch((thrown: unknown) => {
        if (toWeftError(thrown).code === 'not_found') return false
        throw thrown
      })
    if (!isWanted) await apply(actorId, { type: 'cancel', turn })
  }

  return {
    visit(actorId, state, ref) {
      const key = `${actorId}/${ref.turn}/${ref.stepId}/${ref.epoch}/${ref.attempt}`
      const running = visiting.get(key)
      if (running !== undefined) {
        running.again = true
        return
      }
      visitUntilCalm(key, () => visit(actorId, state, ref)).catch((cause: unknown) =>
        onProblem('visit a child session', actorId, cause),
      )
    },
    call({ tenant }, sessionId, method) {
      const id = sessionActorId(tenant, sessionId)
      sidecar
        .callActor({ type: 'Session', id, method }, { body: {}, schema: Anything })
        .catch((cause: unknown) => onProblem(`${method} a child session`, id, cause))
    },
    tellParent(actorId, state, told) {
      tellParent(actorId, state, told).catch((cause: unknown) => onProblem('tell the parent session', actorId, cause))
    },
  }
}
