import type { Heading, HeadingStep } from '../text/heading.ts'
import { type Block, linesOf } from './block.ts'
import { enterHeading } from './heading-trail.ts'
import { splitParagraphs } from './split-paragraphs.ts'

/** The paragraphs of a text under headings that are known from elsewhere, such as the outline of a PDF. The starts of `headings` are in UTF-16 units. */
export function* splitOutlined(text: string, headings: Heading[]): Generator<Block> {
  const trail: HeadingStep[] = []
  let path = ''
  let from = 0
  for (const heading of headings) {
    if (heading.start < from) continue
    yield* splitParagraphs(text, { from, to: heading.start, path })
    path = enterHeading(trail, heading)
    const [line] = linesOf(text, heading.start)
    from = line?.next ?? text.length
    yield { start: heading.start, end: from, type: 'heading', path }
  }
  yield* splitParagraphs(text, { from, to: text.length, path })
}
