import { armPatiently } from './arm-patiently.ts'
import type { Membership } from './watches.ts'

export interface Heartbeat {
  /**
   * What is to be committed with work that begins, so that the session is woken should this host be gone: it joins a watch, unless one has it or
   * its own reminder beats.
   */
  cover(): Membership | undefined
  /** Resolves once the session is woken whatever happens here; rejects when the scheduler stays away for 10 s. */
  ensure(): Promise<void>
  /** As `ensure`, by the session's own reminder. */
  beatAlone(): Promise<void>
  /** Beats again from then on only, in epoch milliseconds; a failure leaves it beating, or its watch, and that tries again. */
  sleepUntil(atMs: number): void
  /** The reminder was heard, so it beats. */
  noteBeat(): void
  /** The session is new: nobody has armed a reminder for it. */
  noteNew(): void
  /** Another host may have changed it since, or what it was to be committed with is not in the store. */
  doubt(): void
  /** Ends the reminder of a session at rest; a failure leaves it, and its next beat ends it again. */
  end(): void
}

export interface Reminder {
  arm(): Promise<void>
  armAt(atMs: number): Promise<void>
  disarm(): Promise<void>
  watch(): Membership
}

/** `unknown`: as an earlier host left it. */
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
  let calmingCount = 0

  function beatAlone(): Promise<void> {
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

  /** The watch is not counted on from now on, and left once the change is through. */
  function calm(next: Beating, change: () => Promise<void>): void {
    const left = watch
    beating = next
    watch = undefined
    arming = undefined
    calmingCount += 1
    inOrder(change)
      .then(() => left?.leave())
      .catch(() => {
        if (beating === next) beating = 'unknown'
        watch ??= left
      })
      .finally(() => {
        calmingCount -= 1
      })
  }

  return {
    cover() {
      if (beating === 'beating' || watch?.isOver() === false) return undefined
      watch = reminder.watch()
      return watch
    },
    ensure: () => (beating !== 'beating' && watch?.isOver() === false ? watch.armed : beatAlone()),
    beatAlone,
    sleepUntil(atMs) {
      if (typeof beating === 'object' && beating.fromMs === atMs) return
      calm({ fromMs: atMs }, () => reminder.armAt(atMs))
    },
    noteBeat() {
      // A beat that comes while the reminder is being put to sleep, or ended, was the last one.
      if (calmingCount === 0) beating = 'beating'
    },
    noteNew() {
      beating = 'ended'
    },
    doubt() {
      beating = 'unknown'
      watch = undefined
    },
    end() {
      if (beating !== 'ended') calm('ended', () => reminder.disarm())
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
