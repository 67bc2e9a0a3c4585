import { randomUUID } from 'node:crypto'
import { WeftError } from '@weft/contracts'
import { type ActorState, type ActorType, mayCrashAround, type Reminders, type SharedNote } from '@weft/mesh'
import { z } from 'zod'
import { armPatiently } from './arm-patiently.ts'

/** A session's place in a watch. */
export interface Membership {
  /** Goes into the store with the commit that the watch is for, as it is when it is written: the last one written names all who joined. */
  note: SharedNote
  /** Resolves once the watch's reminder beats; rejects when the scheduler stays away for 10 s. */
  armed: Promise<void>
  /** Too old to count on: it may have been heard already, here or elsewhere. */
  isOver(): boolean
  /** The session has ended, or has a reminder of its own. */
  leave(): void
}

export interface Watches {
  join(actorId: string): Membership
  /** The actor type of the watches' reminders: whichever host hears one sees to its sessions. */
  readonly actors: ActorType
  stop(): void
}

export interface WatchesDeps {
  state: Pick<ActorState, 'readNote' | 'dropNote'>
  reminders: Reminders
  /** Has a session of this host a reminder of its own, unless it needs none any more. */
  settle: (actorId: string) => Promise<void>
  /** Has a session, wherever it belongs now, go on and arm a reminder of its own. Resolves also when there is no such session. */
  keep: (actorId: string) => Promise<unknown>
  onProblem: (what: string, watchId: string, cause: unknown) => void
  nowMs?: () => number
  /** Default 6,000. */
  settleAfterMs?: number
}

interface Watch {
  id: string
  openedAtMs: number
  /** Whoever joined, ever. */
  actorIds: string[]
  /** A session that left and joined again is another one. */
  present: Set<{ actorId: string }>
  isSettling: boolean
  armed: Promise<void>
  timer: NodeJS.Timeout
}

export const watchActorType = 'Watch'
/** A session that the log has is woken sooner, by a host that starts; so is one whose gateway waits for its answer. */
const reminder = { name: 'watch', dueMs: 8_000, periodMs: 5_000 } as const
/** How long sessions may join a watch, and how many. */
const joinMs = 500
const membersMax = 64
/** Most turns of a few short steps have ended by then, also while hundreds run at once, and have armed nothing. */
const settleAfterMsDefault = 6_000
const settleAgainMs = 1_000
const keptAtOnceMax = 16
/**
 * 30 days. A commit that was on its way when its watch ended leaves a note that nobody drops any more. Where even a live watch was not heard for so
 * long, its sessions are woken from the log.
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

/** Answers why one of them could not be settled. */
async function settlePresent({ settle }: WatchesDeps, { present }: Watch): Promise<PromiseRejectedResult | undefined> {
  const settled = await Promise.allSettled(
    [...present].map(async (member) => {
      await settle(member.actorId)
      present.delete(member)
    }),
  )
  return settled.find((each) => each.status === 'rejected')
}

/** A watch that is not ended here ends where it is heard. */
async function end({ state, reminders, onProblem }: WatchesDeps, { id, armed }: Watch): Promise<void> {
  try {
    await armed.catch(() => undefined)
    await state.dropNote(noteKey(id))
    await reminders.disarm(id, reminder.name)
  } catch (cause) {
    onProblem('end a watch', id, cause)
  }
}

/** Throws when a session could not be kept: the reminder beats again. */
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
