/** How fast vectors are made, and how long the rest takes, for a line about a rebuild; empty while none were made. */
export function rebuildPace({ done, left, tookMs }: { done: number; left: number; tookMs: number }): string {
  const perSecond = (done * 1_000) / Math.max(1, tookMs)
  if (perSecond <= 0) return ''
  return `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s, about ${Math.ceil(left / perSecond)} s left`
}
