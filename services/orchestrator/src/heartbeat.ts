/** A scheduler that was killed is back within about two seconds. */
const armPatienceMs = 10_000
const armRetryMs = 200

export interface Heartbeat {
  /** Resolves once the reminder is armed; rejects when the scheduler stays away for 10 s. */
  ensure(): Promise<void>
  /** The reminder was heard, so it is armed. */
  noteArmed(): void
  /** Ends the reminder of a session at rest; a failure leaves it, and its next beat ends it again. */
  end(): void
}

/** One session's reminder: arming and disarming never overtake each other. */
export function createHeartbeat(reminder: { arm(): Promise<void>; disarm(): Promise<void> }): Heartbeat {
  let isArmed = false
  let arming: Promise<void> | undefined
  let ending: Promise<void> = Promise.resolve()

  async function arm(): Promise<void> {
    await ending
    const giveUpAtMs = Date.now() + armPatienceMs
    for (;;) {
      try {
        await reminder.arm()
        isArmed = true
        return
      } catch (cause) {
        if (Date.now() > giveUpAtMs) throw cause
        await new Promise((resolve) => setTimeout(resolve, armRetryMs))
      }
    }
  }

  return {
    ensure() {
      if (isArmed) return Promise.resolve()
      arming ??= arm().finally(() => {
        arming = undefined
      })
      return arming
    },
    noteArmed() {
      isArmed = true
    },
    end() {
      if (!isArmed) return
      isArmed = false
      ending = ending.then(() => reminder.disarm()).catch(() => undefined)
    },
  }
}
