/** An event of a response's stream before it has its number. */
export type EventFacts = { type: string; [field: string]: unknown }
