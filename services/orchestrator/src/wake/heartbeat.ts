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

/** How one session is woken: by a watch while it is young, then by a reminder of its own. Changes of the reminder never overtake each other. */
export function createHeartbeat(reminder: Reminder): Heartbeat {
  let beating: Beating = 'unknown'
  let watch: Membership | undefined
  let arming: Promise<void> | undefined
  let calming: Promise<void> = Promise.resolve()

  async function arm(): Promise<void> {
    await calming
    await armPatiently(reminder.arm)
    beating = 'beating'
  }

  function beatAlone(): Promise<void> {
    if (beating === 'beating') return Promise.resolve()
    arming ??= arm().finally(() => {
      arming = undefined
    })
    return arming
  }

  /** The watch is not counted on from now on, and left once the change is through. */
  function calm(next: Beating, change: () => Promise<void>): void {
    const left = watch
    beating = next
    watch = undefined
    calming = calming
      .then(change)
      .then(() => left?.leave())
      .catch(() => {
        if (beating === next) beating = 'unknown'
        watch ??= left
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
      beating = 'beating'
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
