import type { HeadingStep } from '../text/heading.ts'

/**
 * Adds a heading to the trail, after removing those that are not above it. Answers the trail as `A > B`, without a title that directly repeats the one above it,
 * and cut to a length that fits beside any chunk.
 */
export function enterHeading(trail: HeadingStep[], heading: HeadingStep): string {
  while ((trail.at(-1)?.level ?? 0) >= heading.level) trail.pop()
  trail.push({ level: heading.level, title: heading.title.slice(0, 120) })
  return trail
    .map((step) => step.title)
    .filter((title, index, all) => title !== '' && title !== all[index - 1])
    .join(' > ')
    .slice(0, 300)
}
