import type { ActorType } from '@weft/mesh'
import type { InputReply } from '../core/session-advance.ts'
import type { SessionInput } from '../core/session-input.ts'
import type { OrchestratorSettings } from '../settings.ts'
import type { SessionEffects } from './perform-command.ts'
import type { SessionHost } from './session-host.ts'

/** The part of the session host that the other parts of the process call. */
export interface HostedSessions {
  actors: ActorType
  apply(actorId: string, input: SessionInput): Promise<InputReply | undefined>
  noteFlushed(actorId: string, upToSeq: number): void
}

export interface SessionBreaker {
  effects(effects: SessionEffects): SessionEffects
  hosted(host: SessionHost): HostedSessions
}

/** Lets sessions misbehave as a test's mesh asks (docs/decisions/0005-crash-points.md); without faults nothing is changed. */
export function breakSessions(faults: OrchestratorSettings['faults']): SessionBreaker {
  if (faults?.dropsHints === true) return onlyAtBeats()
  return { effects: (effects) => effects, hosted: faults?.evictsSessions === true ? evicting : asItIs }
}

function asItIs(host: SessionHost): HostedSessions {
  return {
    actors: host,
    apply: (actorId, input) => host.apply(actorId, input),
    noteFlushed: (actorId, upToSeq) => host.noteFlushed(actorId, upToSeq),
  }
}

/** Every session leaves memory after every call, beat and result, so that each next one has to load it from the store. */
function evicting(host: SessionHost): HostedSessions {
  const thenEvict = async <T>(actorId: string, act: Promise<T>): Promise<T> => {
    try {
      return await act
    } finally {
      await host.deactivate(actorId)
    }
  }
  const apply = (actorId: string, input: SessionInput) => thenEvict(actorId, host.apply(actorId, input))
  return {
    actors: {
      name: host.name,
      invoke: (actorId, method, argument) => thenEvict(actorId, host.invoke(actorId, method, argument)),
      remind: (actorId) => thenEvict(actorId, host.remind(actorId)),
      deactivate: (actorId) => host.deactivate(actorId),
    },
    apply,
    noteFlushed(actorId, upToSeq) {
      apply(actorId, { type: 'flushed', upToSeq }).catch(() => undefined)
    },
  }
}

/** Effects happen only while a session's reminder is being answered. At every other time they are lost, and gateways are never told anything. */
function onlyAtBeats(): SessionBreaker {
  const beating = new Set<string>()
  const ifBeating =
    <A extends unknown[]>(act: (actorId: string, ...rest: A) => void) =>
    (actorId: string, ...rest: A) => {
      if (beating.has(actorId)) act(actorId, ...rest)
    }
  return {
    effects: (effects) => ({
      prepare() {},
      plan: ifBeating(effects.plan),
      dispatch: ifBeating(effects.dispatch),
      abort: ifBeating(effects.abort),
      hold: ifBeating(effects.hold),
      visit: ifBeating(effects.visit),
      call: ifBeating(effects.call),
      erase: ifBeating(effects.erase),
      record: ifBeating(effects.record),
      end() {},
      pause() {},
      gone() {},
    }),
    hosted: (host) => ({
      ...asItIs(host),
      actors: {
        name: host.name,
        invoke: (actorId, method, argument) => host.invoke(actorId, method, argument),
        deactivate: (actorId) => host.deactivate(actorId),
        async remind(actorId) {
          beating.add(actorId)
          try {
            return await host.remind(actorId)
          } finally {
            beating.delete(actorId)
          }
        },
      },
    }),
  }
}
