import { z } from 'zod'

/**
 * A verified quote. `start` and `end` are Unicode code point offsets in the stored text, and `text[start:end] === quote`;
 * a quote that does not verify never becomes a Citation.
 */
export const Citation = z.object({
  index: z.int().positive(),
  fileId: z.string(),
  filename: z.string(),
  quote: z.string().min(1),
  start: z.int().nonnegative(),
  end: z.int().positive(),
  page: z.int().positive().optional(),
  score: z.number(),
  verified: z.literal(true),
  /** SHA-256 of the stored text that was quoted from: tells whether it has changed since. */
  textHash: z.string().optional(),
  /** Said of citations given earlier: the text they quote is no longer stored as it was. */
  sourceChanged: z.literal(true).optional(),
})
export type Citation = z.infer<typeof Citation>

/** A retrieved chunk as agents hand it on: `text` is the stored text between the code point offsets `start` and `end`. */
export const Passage = z.object({
  chunkId: z.string(),
  vectorStoreId: z.string(),
  fileId: z.string(),
  filename: z.string(),
  text: z.string(),
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
  page: z.int().positive().optional(),
  heading: z.string().optional(),
  score: z.number(),
})
export type Passage = z.infer<typeof Passage>

/** Where a passage that a search found stands, and how well it fits. */
export const FoundPlace = Passage.pick({ vectorStoreId: true, fileId: true, filename: true, start: true, end: true, score: true })
export type FoundPlace = z.infer<typeof FoundPlace>
