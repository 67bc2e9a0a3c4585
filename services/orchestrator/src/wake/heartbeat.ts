import { armPatiently } from './arm-patiently.ts'
import type { Membership } from './watches.ts'

export interface Heartbeat {
  /**
   * Has the session join a watch, which wakes it should this host be gone; the membership's note has to be committed with the work that begins. Undefined
   * where nothing is to be done, because the session is in a watch already or its own reminder beats.
   */
  joinWatch(): Membership | undefined
  /** Resolves once a reminder is armed that wakes the session whatever happens to this host; rejects when the scheduler stays away for 10 s. */
  ensureArmed(): Promise<void>
  /** As `ensureArmed`, but by the session's own reminder and not by a watch. */
  armOwnReminder(): Promise<void>
  /** The reminder beats only from `atMs` (epoch milliseconds) on. If that cannot be set, the reminder or the watch goes on as it was, and its next beat tries again. */
  sleepUntil(atMs: number): void
  /** The session's own reminder was heard. */
  noteBeat(): void
  /** The session is new: nobody has armed a reminder for it. */
  noteNew(): void
  /** What is known of reminder and watch may be wrong: another host may have changed the one, or the other's note was not committed. */
  invalidate(): void
  /** Ends the reminder of a session that needs none any more. If it cannot be ended it beats again, and that ends it. */
  end(): void
}

export interface Reminder {
  arm(): Promise<void>
  armAt(atMs: number): Promise<void>
  disarm(): Promise<void>
  watch(): Membership
}

/** What the session's own reminder does; `unknown`: what an earlier host had it do; `fromMs`: it sleeps until then. */
type Beating = 'unknown' | 'beating' | 'ended' | { fromMs: number }

/**
 * How one session is woken: by a watch while it is young, then by a reminder of its own. Changes of the reminder go to the scheduler one after the other,
 * in the order in which they were asked for, so that the last one is what holds.
 */
export function createHeartbeat(reminder: Reminder): Heartbeat {
  let beating: Beating = 'unknown'
  let watch: Membership | undefined
  /** The arming that is under way, as long as no later change takes back what it does. */
  let arming: Promise<void> | undefined
  const inOrder = createSequence()
  let restsUnderWay = 0

  function armOwnReminder(): Promise<void> {
    if (beating === 'beating') return Promise.resolve()
    if (arming !== undefined) return arming
    const armed = inOrder(() => armPatiently(reminder.arm))
      .then(() => {
        if (arming === armed) beating = 'beating'
      })
      .finally(() => {
        if (arming === armed) arming = undefined
      })
    arming = armed
    return armed
  }

  /** Ends the reminder or has it sleep. The watch counts no longer from now on, but is left only once the change is through, in case it fails. */
  function putToRest(next: Beating, change: () => Promise<void>): void {
    const left = watch
    beating = next
    watch = undefined
    arming = undefined
    restsUnderWay += 1
    inOrder(change)
      .then(() => left?.leave())
      .catch(() => {
        if (beating === next) beating = 'unknown'
        watch ??= left
      })
      .finally(() => {
        restsUnderWay -= 1
      })
  }

  return {
    joinWatch() {
      if (beating === 'beating' || watch?.isOver() === false) return undefined
      watch = reminder.watch()
      return watch
    },
    ensureArmed: () => (beating !== 'beating' && watch?.isOver() === false ? watch.armed : armOwnReminder()),
    armOwnReminder,
    sleepUntil(atMs) {
      if (typeof beating === 'object' && beating.fromMs === atMs) return
      putToRest({ fromMs: atMs }, () => reminder.armAt(atMs))
    },
    noteBeat() {
      // A beat that comes while the reminder is being put to sleep, or ended, was the last one.
      if (restsUnderWay === 0) beating = 'beating'
    },
    noteNew() {
      beating = 'ended'
    },
    invalidate() {
      beating = 'unknown'
      watch = undefined
    },
    end() {
      if (beating !== 'ended') putToRest('ended', () => reminder.disarm())
      watch?.leave()
      watch = undefined
    },
  }
}

/** Begins each change once the one before is through, or has failed. */
function createSequence(): (change: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return (change) => {
    const done = last.then(change)
    last = done.catch(() => undefined)
    return done
  }
}
