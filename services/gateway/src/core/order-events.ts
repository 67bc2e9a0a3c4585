import type { SessionEvent } from '@weft/contracts'

export interface EventOrder {
  /** Takes an event as it arrives; returns the events that can be passed on now, in order. */
  accept(event: SessionEvent, nowMs: number): SessionEvent[]
  /** Events that have waited long enough for an earlier one that is not coming. */
  due(nowMs: number): SessionEvent[]
  /** When {@link due} should be asked next; undefined when nothing waits. */
  dueAtMs(): number | undefined
}

/** Batches may overtake each other by milliseconds. A gap that lasts longer than this means that a batch was lost. */
const holdMs = 200
const waitingMax = 1_000

/** Puts the events of one session back in order by their seq, once each; a lost event is waited for only briefly. */
export function createEventOrder(): EventOrder {
  let lastSeq: number | undefined
  const waiting = new Map<number, { event: SessionEvent; sinceMs: number }>()

  function release(isDue: (sinceMs: number) => boolean): SessionEvent[] {
    const released: SessionEvent[] = []
    for (const seq of [...waiting.keys()].toSorted((a, b) => a - b)) {
      const held = waiting.get(seq)
      if (held === undefined) continue
      const isNext = lastSeq !== undefined && seq === lastSeq + 1
      if (!isNext && !isDue(held.sinceMs)) break
      waiting.delete(seq)
      lastSeq = seq
      released.push(held.event)
    }
    return released
  }

  return {
    accept(event, nowMs) {
      const isOld = lastSeq !== undefined && event.seq <= lastSeq
      if (isOld || waiting.has(event.seq) || waiting.size >= waitingMax) return []
      waiting.set(event.seq, { event, sinceMs: nowMs })
      // The first event of a turn starts the count; any other first arrival waits for those before it.
      if (lastSeq === undefined && event.type !== 'turn.accepted') return []
      if (lastSeq === undefined) lastSeq = event.seq - 1
      return release(() => false)
    },
    due: (nowMs) => release((sinceMs) => nowMs - sinceMs >= holdMs),
    dueAtMs() {
      const since = Array.from(waiting.values(), (held) => held.sinceMs)
      return since.length === 0 ? undefined : Math.min(...since) + holdMs
    },
  }
}
