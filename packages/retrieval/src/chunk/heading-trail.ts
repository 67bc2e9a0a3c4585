import type { HeadingStep } from '../text/heading.ts'

/** Steps into a heading: deeper or equal ones are left. Answers the trail as `A > B`, a title that a page says twice once, bounded so that it fits beside any chunk. */
export function enterHeading(trail: HeadingStep[], heading: HeadingStep): string {
  while ((trail.at(-1)?.level ?? 0) >= heading.level) trail.pop()
  trail.push({ level: heading.level, title: heading.title.slice(0, 120) })
  return trail
    .map((step) => step.title)
    .filter((title, index, all) => title !== '' && title !== all[index - 1])
    .join(' > ')
    .slice(0, 300)
}
