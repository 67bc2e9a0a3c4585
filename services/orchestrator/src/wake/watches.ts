import { randomUUID } from 'node:crypto'
import { WeftError } from '@weft/contracts'
import { type ActorState, type ActorType, mayCrashAround, type Reminders, type SharedNote } from '@weft/mesh'
import { z } from 'zod'
import { armPatiently } from './arm-patiently.ts'

/** A session's place in a watch. */
export interface Membership {
  /**
   * Has to be written in the transaction of the commit that the watch is for. It names everybody who has joined by the time it is written, so that the last
   * note written names all.
   */
  note: SharedNote
  /** Resolves once the watch's reminder beats; rejects when the scheduler stays away for 10 s. */
  armed: Promise<void>
  /** Whether the watch is too old to count on, because its reminder may have been heard already, here or elsewhere. */
  isOver(): boolean
  /** The session has ended, or has a reminder of its own. */
  leave(): void
}

export interface Watches {
  join(actorId: string): Membership
  /** The actor type that the reminders of watches belong to: whichever host hears one has the sessions of that watch go on. */
  readonly actors: ActorType
  stop(): void
}

export interface WatchesDeps {
  state: Pick<ActorState, 'readNote' | 'dropNote'>
  reminders: Reminders
  /** Arms a reminder of its own for a session of this host, unless it needs none any more. */
  settle: (actorId: string) => Promise<void>
  /** Has a session go on and arm a reminder of its own, on whichever host it belongs to now. Resolves also when there is no such session. */
  keep: (actorId: string) => Promise<unknown>
  onProblem: (what: string, watchId: string, cause: unknown) => void
  nowMs?: () => number
  /** Default 6,000. */
  settleAfterMs?: number
}

interface Watch {
  id: string
  openedAtMs: number
  /** All who ever joined, also those who have left. */
  actorIds: string[]
  /** Those who have not left, by membership: a session that leaves and joins again has a new one. */
  present: Set<{ actorId: string }>
  isSettling: boolean
  armed: Promise<void>
  timer: NodeJS.Timeout
}

export const watchActorType = 'Watch'
/** Heard 8 s after it was armed. Most sessions of a dead host are woken sooner: by a host that starts, from the log, or by a gateway that waits for an answer. */
const reminder = { name: 'watch', dueMs: 8_000, periodMs: 5_000 } as const
/** How long sessions may join a watch, and how many. */
const joinMs = 500
const membersMax = 64
/** By then most turns of a few short steps have ended, also while hundreds run at once, and so have never armed a reminder of their own. */
const settleAfterMsDefault = 6_000
const settleAgainMs = 1_000
const keptAtOnceMax = 16
/**
 * 30 days, after which the store drops a note by itself: a commit that was on its way when its watch ended writes the note again, and nobody else drops that.
 * Should a watch not be heard for so long although it has not ended, its sessions are woken from the log.
 */
const noteSeconds = 2_592_000

const Note = z.object({ actorIds: z.array(z.string()) })

/**
 * Sessions that begin together share one reminder, and a note of who they are that is written in the transactions of their commits. After 6 s those
 * still at work get reminders of their own and the watch ends; should this host be gone, the watch is heard elsewhere and wakes them
 * (docs/decisions/0021-young-sessions-share-a-reminder.md).
 */
export function createWatches(deps: WatchesDeps): Watches {
  const { reminders, nowMs = () => performance.now(), settleAfterMs = settleAfterMsDefault } = deps
  const open = new Set<Watch>()
  let newest: Watch | undefined

  function openWatch(): Watch {
    const id = randomUUID()
    const armed = armPatiently(() => mayCrashAround('reminder', () => reminders.arm(id, reminder.name, reminder)))
    armed.catch(() => undefined)
    const timer = setTimeout(() => settle(watch), settleAfterMs)
    const watch: Watch = { id, openedAtMs: nowMs(), actorIds: [], present: new Set(), isSettling: false, armed, timer }
    open.add(watch)
    newest = watch
    return watch
  }

  function join(actorId: string): Membership {
    const isJoinable = newest !== undefined && nowMs() - newest.openedAtMs < joinMs && newest.actorIds.length < membersMax
    const watch = isJoinable && newest !== undefined ? newest : openWatch()
    const member = { actorId }
    watch.present.add(member)
    watch.actorIds.push(actorId)
    return {
      note: { key: noteKey(watch.id), value: { actorIds: watch.actorIds }, ttlSeconds: noteSeconds },
      armed: watch.armed,
      isOver: () => watch.isSettling || nowMs() - watch.openedAtMs >= settleAfterMs,
      leave: () => watch.present.delete(member),
    }
  }

  async function settle(watch: Watch): Promise<void> {
    watch.isSettling = true
    const failure = await settlePresent(deps, watch)
    if (!open.has(watch)) return
    if (failure === undefined) {
      open.delete(watch)
      await end(deps, watch)
      return
    }
    deps.onProblem('settle a watch', watch.id, failure.reason)
    watch.timer = setTimeout(() => settle(watch), settleAgainMs)
  }

  return {
    join,
    actors: {
      name: watchActorType,
      invoke: (_id, method) => Promise.reject(new WeftError('not_found', `actor type Watch has no method "${method}"`)),
      remind: (id) => hear(deps, id),
      deactivate: async () => {},
    },
    stop() {
      for (const { timer } of open) clearTimeout(timer)
      open.clear()
    },
  }
}

/** Returns the failure of one session that could not be settled; undefined when all could. */
async function settlePresent({ settle }: WatchesDeps, { present }: Watch): Promise<PromiseRejectedResult | undefined> {
  const settled = await Promise.allSettled(
    [...present].map(async (member) => {
      await settle(member.actorId)
      present.delete(member)
    }),
  )
  return settled.find((each) => each.status === 'rejected')
}

/** If this fails the watch's reminder is heard once more, and ends it then. */
async function end({ state, reminders, onProblem }: WatchesDeps, { id, armed }: Watch): Promise<void> {
  try {
    await armed.catch(() => undefined)
    await state.dropNote(noteKey(id))
    await reminders.disarm(id, reminder.name)
  } catch (cause) {
    onProblem('end a watch', id, cause)
  }
}

/** Has every session of the note go on, and then ends the watch. Throws when one of them could not be reached, so that the reminder beats again. */
async function hear({ state, keep }: WatchesDeps, id: string): Promise<'cancel'> {
  const note = await state.readNote(noteKey(id), Note)
  const left = [...new Set(note?.actorIds)]
  const workers = Array.from({ length: Math.min(keptAtOnceMax, left.length) }, async () => {
    for (let actorId = left.shift(); actorId !== undefined; actorId = left.shift()) await keep(actorId)
  })
  await Promise.all(workers)
  if (note !== undefined) await state.dropNote(noteKey(id))
  return 'cancel'
}

function noteKey(watchId: string): string {
  return `${watchActorType}:${watchId}`
}
