/** A scheduler that was killed is back within about two seconds. */
const armPatienceMs = 10_000
const armRetryMs = 200

export interface Heartbeat {
  /** Resolves once the reminder beats; rejects when the scheduler stays away for 10 s. */
  ensure(): Promise<void>
  /** Beats again from then on only, in epoch milliseconds; a failure leaves it beating, and its next beat tries again. */
  sleepUntil(atMs: number): void
  /** The reminder was heard, so it beats. */
  noteBeat(): void
  /** Another host may have changed it since. */
  doubt(): void
  /** Ends the reminder of a session at rest; a failure leaves it, and its next beat ends it again. */
  end(): void
}

export interface Reminder {
  arm(): Promise<void>
  armAt(atMs: number): Promise<void>
  disarm(): Promise<void>
}

/** `unknown`: as an earlier host left it. */
type Beating = 'unknown' | 'beating' | 'ended' | { fromMs: number }

/** One session's reminder: changes of it never overtake each other. */
export function createHeartbeat(reminder: Reminder): Heartbeat {
  let beating: Beating = 'unknown'
  let arming: Promise<void> | undefined
  let calming: Promise<void> = Promise.resolve()

  async function arm(): Promise<void> {
    await calming
    const giveUpAtMs = Date.now() + armPatienceMs
    for (;;) {
      try {
        await reminder.arm()
        beating = 'beating'
        return
      } catch (cause) {
        if (Date.now() > giveUpAtMs) throw cause
        await new Promise((resolve) => setTimeout(resolve, armRetryMs))
      }
    }
  }

  function calm(next: Beating, change: () => Promise<void>): void {
    beating = next
    calming = calming.then(change).catch(() => {
      if (beating === next) beating = 'unknown'
    })
  }

  return {
    ensure() {
      if (beating === 'beating') return Promise.resolve()
      arming ??= arm().finally(() => {
        arming = undefined
      })
      return arming
    },
    sleepUntil(atMs) {
      if (typeof beating === 'object' && beating.fromMs === atMs) return
      calm({ fromMs: atMs }, () => reminder.armAt(atMs))
    },
    noteBeat() {
      beating = 'beating'
    },
    doubt() {
      beating = 'unknown'
    },
    end() {
      if (beating !== 'ended') calm('ended', () => reminder.disarm())
    },
  }
}
