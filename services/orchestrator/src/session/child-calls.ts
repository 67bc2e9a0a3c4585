import { isDeepStrictEqual } from 'node:util'
import { hasCode, SessionView, sessionActorId, TurnAccepted, toWeftError, type WeftError } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'
import { attemptKey } from '../core/attempt-key.ts'
import { childRequest } from '../core/child-session.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { ChildTold, Errand, SessionState, StepRef } from '../core/session-state.ts'

export interface ChildCallsOptions {
  sidecar: Pick<Sidecar, 'callActor'>
  apply: (actorId: string, input: SessionInput) => Promise<void>
  peek: (actorId: string) => SessionState | undefined
  onProblem: (what: string, actorId: string, cause: unknown) => void
}

/** Calls between a session and its children, through the runtime, which knows on which host each is. Any of them may be lost: ticks ask for it again. */
export interface ChildCalls {
  /** Opens a step's child session unless it is open, and tells the step how far it is. */
  visit(actorId: string, state: SessionState, ref: StepRef): void
  /** Calls a child or a parent. The input `arrived` is applied once it has been told, or turns out not to exist. */
  call(actorId: string, state: SessionState, errand: Errand): void
}

const Heard = z.object({ isWanted: z.boolean() })
const Anything = z.unknown()

export function createChildCalls({ sidecar, apply, peek, onProblem }: ChildCallsOptions): ChildCalls {
  /** Visits under way; `again` is set when another is asked for meanwhile, since the answer may be out of date when it comes. */
  const visiting = new Map<string, { again: boolean }>()
  /** The last call to each session: calls to one never overtake each other. */
  const calling = new Map<string, Promise<void>>()

  async function visit(actorId: string, state: SessionState, { turn, stepId, epoch, attempt }: StepRef): Promise<void> {
    const ref = { turn, stepId, epoch, attempt }
    const asked = childRequest(state, ref)
    if (asked === undefined) return
    const { sessionId } = asked
    const told =
      'problem' in asked
        ? asked.problem
        : await askChild(sidecar, sessionActorId(state.tenant, sessionId), asked.request).catch(refusal)
    if (told !== undefined) await apply(actorId, { type: 'child', ...ref, sessionId, told })
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

  /** An errand that a later one replaced while it waited is not run: it would undo what the later one did. */
  async function runErrand(actorId: string, state: SessionState, errand: Errand): Promise<void> {
    const errands = peek(actorId)?.errands
    if (errands !== undefined && !errands.some((other) => isDeepStrictEqual(other, errand))) return
    const isWanted = await (errand.to === 'child' ? callChild(sidecar, state, errand) : tellParent(sidecar, state, errand))
    await apply(actorId, { type: 'arrived', errand, isWanted })
  }

  return {
    visit(actorId, state, ref) {
      const key = attemptKey(actorId, ref)
      const running = visiting.get(key)
      if (running !== undefined) {
        running.again = true
        return
      }
      visitUntilCalm(key, () => visit(actorId, state, ref)).catch((cause: unknown) =>
        onProblem('visit a child session', actorId, cause),
      )
    },
    call(actorId, state, errand) {
      const target = `${actorId} ${errand.to === 'child' ? errand.sessionId : errand.parent.sessionId}`
      const called = (calling.get(target) ?? Promise.resolve())
        .then(() => runErrand(actorId, state, errand))
        .catch((cause: unknown) => onProblem(`call a ${errand.to} session`, actorId, cause))
        .finally(() => {
          if (calling.get(target) === called) calling.delete(target)
        })
      calling.set(target, called)
    },
  }
}

type Actors = ChildCallsOptions['sidecar']

async function askChild(sidecar: Actors, id: string, request: object): Promise<ChildTold | undefined> {
  const child = { type: 'Session', id }
  const { turn } = await sidecar.callActor({ ...child, method: 'submit' }, { body: request, schema: TurnAccepted })
  const { turns, lastSeq } = await sidecar.callActor({ ...child, method: 'view' }, { schema: SessionView })
  const asked = turns.find((candidate) => candidate.turn === turn)
  if (asked === undefined) return undefined
  const { status, approvals, answer } = asked
  return { status, approvals, answer, seq: lastSeq }
}

type To<T extends Errand['to']> = Extract<Errand, { to: T }>

async function callChild(sidecar: Actors, { tenant }: SessionState, { sessionId, method, seq }: To<'child'>): Promise<boolean> {
  const child = { type: 'Session', id: sessionActorId(tenant, sessionId), method }
  return sidecar.callActor(child, { body: { seq }, schema: Anything }).then(() => true, falseIfMissing)
}

async function tellParent(sidecar: Actors, { tenant }: SessionState, { parent, seq }: To<'parent'>): Promise<boolean> {
  const target = { type: 'Session', id: sessionActorId(tenant, parent.sessionId), method: 'childChanged' }
  const { turn, stepId } = parent
  return sidecar.callActor(target, { body: { turn, stepId, seq }, schema: Heard }).then((heard) => heard.isWanted, falseIfMissing)
}

/** Handles the rejection of a call: false when the session called does not exist, so that nothing is left to tell it; throws any other error again. */
export function falseIfMissing(thrown: unknown): boolean {
  if (hasCode(thrown, 'not_found')) return false
  throw thrown
}

/** Returns the problem with which a child refused for good, which fails its step; throws whatever may go away, so that the child is asked again. */
function refusal(thrown: unknown) {
  const error: WeftError = toWeftError(thrown)
  if (error.status >= 500 || error.isRetryable || error.code === 'session_busy') throw thrown
  return error.toProblem()
}
