/** A scheduler that was killed is back within about two seconds. */
const armPatienceMs = 10_000
const armRetryMs = 200

/** Repeats until the scheduler answers. Rejects when it stays away for 10 s. */
export async function armPatiently(arm: () => Promise<void>): Promise<void> {
  const giveUpAtMs = performance.now() + armPatienceMs
  for (;;) {
    try {
      await arm()
      return
    } catch (cause) {
      if (performance.now() > giveUpAtMs) throw cause
      await new Promise((resolve) => setTimeout(resolve, armRetryMs))
    }
  }
}
