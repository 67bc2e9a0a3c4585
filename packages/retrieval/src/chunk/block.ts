/**
 * A part of a text that belongs together; blocks follow each other without gaps. `prose` may be cut at sentences, `list` at items, `lines` and `fence` at line
 * breaks. `path` is the trail of headings above it, or the name of its declaration. `members` are the blocks into which a large declaration is cut; together they
 * cover all of it.
 */
export type Block = {
  start: number
  end: number
  type: 'heading' | 'prose' | 'list' | 'table' | 'fence' | 'lines' | 'declaration'
  path: string
  members?: Block[]
}

/** A line of a text. `head` is its beginning, long enough to tell what kind of line it is; `next` is where the following line begins. */
export type Line = { start: number; next: number; head: string; isBlank: boolean }

export const lineHeadLength = 400

export function* linesOf(text: string, from = 0, to = text.length): Generator<Line> {
  let start = from
  while (start < to) {
    const found = text.indexOf('\n', start)
    const next = found === -1 || found >= to ? to : found + 1
    const head = text.slice(start, Math.min(next, start + lineHeadLength))
    yield { start, next, head, isBlank: head.trim() === '' && next - start <= lineHeadLength }
    start = next
  }
}
