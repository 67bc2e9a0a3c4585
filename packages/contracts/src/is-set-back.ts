/** Clocks of different machines agree within a few seconds. */
const skewMs = 10_000

/**
 * Whether a stored time lies further in the future than clocks differ. Then the clock that wrote it has been set back since, and waiting for that time
 * would take as long as the clock was set back by.
 */
export function isSetBack(storedMs: number, nowMs: number): boolean {
  return storedMs > nowMs + skewMs
}
