/** What an event of a response's stream tells, before it is numbered. */
export type EventFacts = { type: string; [field: string]: unknown }
