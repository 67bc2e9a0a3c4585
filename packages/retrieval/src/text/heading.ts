/** A heading and its depth, from 1. */
export type HeadingStep = { level: number; title: string }

/** A heading that no mark of the text shows, with where its line begins: in code points, or UTF-16 units, as whoever has it says. */
export type Heading = HeadingStep & { start: number }
