import type { OutboxBatch } from './session-state.ts'

/** Which tag a part has: that of the commit that first wrote it. A part is given as what it is, such as `outcome.1.search.1.1`. */
export type TagOf = (part: string) => string

/** The name a part is stored under. Parts that were written before there were tags have an empty one. */
export function nameOf(part: string, tag: string): string {
  return tag === '' ? part : `${part}.${tag}`
}

/** Whether a part is soon replaced by the next of its kind, instead of being kept for as long as the session. */
export function isShortLived(part: string): boolean {
  return part.startsWith('checkpoint.')
}

export function outcomePart(turn: number, stepId: string, step: { epoch: number; attempt: number }): string {
  return `outcome.${turn}.${stepId}.${step.epoch}.${step.attempt}`
}

export function checkpointPart(turn: number, stepId: string, { checkpointCount }: { checkpointCount: number }): string {
  return `checkpoint.${turn}.${stepId}.${checkpointCount}`
}

export function questionPart({ id, questionVersion }: { id: string; questionVersion: number }): string {
  return `question.${id}.${questionVersion}`
}

export function eventsPart(batch: OutboxBatch): string {
  return `events.${batch.epoch}.${firstSeqOf(batch)}`
}

export function firstSeqOf({ events }: OutboxBatch): number {
  return events[0]?.seq ?? 0
}
