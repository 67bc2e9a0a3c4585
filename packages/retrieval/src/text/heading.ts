/** A heading and its depth, from 1. */
export type HeadingStep = { level: number; title: string }

/** A heading that is not marked in the text, with the offset of its line: in code points or UTF-16 units, which each user of this type says. */
export type Heading = HeadingStep & { start: number }
