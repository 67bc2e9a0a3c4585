/** Attempts to deliver a notification; the waits between them sum up to about a day. */
export const notificationAttemptsMax = 14

/** How long to wait after so many failed attempts: 5 s, then threefold, at most 4 h; a random fifth earlier or later spreads them. */
export function notificationDelayMs(attempts: number, random: number): number {
  const delayMs = Math.min(14_400_000, 5_000 * 3 ** Math.max(0, attempts - 1))
  return Math.round(delayMs * (0.8 + 0.4 * random))
}
