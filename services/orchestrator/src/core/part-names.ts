import type { OutboxBatch } from './session-state.ts'

/** The tag of the commit that first wrote a part, by what the part is. */
export type TagOf = (part: string) => string

/** The key that a part lies under. */
export function nameOf(part: string, tag: string): string {
  return tag === '' ? part : `${part}.${tag}`
}

/** Whether the next of its kind replaces a part: nothing that would be kept for as long as the session. */
export function isShortLived(part: string): boolean {
  return part.startsWith('checkpoint.')
}

export function outcomeKey(turn: number, stepId: string, step: { epoch: number; attempt: number }): string {
  return `outcome.${turn}.${stepId}.${step.epoch}.${step.attempt}`
}

export function checkpointKey(turn: number, stepId: string, { checkpointCount }: { checkpointCount: number }): string {
  return `checkpoint.${turn}.${stepId}.${checkpointCount}`
}

export function questionKey({ id, questionVersion }: { id: string; questionVersion: number }): string {
  return `question.${id}.${questionVersion}`
}

export function eventsKey(batch: OutboxBatch): string {
  return `events.${batch.epoch}.${firstSeqOf(batch)}`
}

export function firstSeqOf({ events }: OutboxBatch): number {
  return events[0]?.seq ?? 0
}
