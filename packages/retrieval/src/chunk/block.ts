/**
 * A stretch of a file that belongs together; blocks follow each other without gaps. `prose` may be cut at sentences, `list` at items,
 * `lines` and `fence` at line breaks. `path` is the trail of headings (or the declaration) it stands under. `members` are the blocks a large
 * declaration is cut into, together as long as it is.
 */
export type Block = {
  start: number
  end: number
  type: 'heading' | 'prose' | 'list' | 'table' | 'fence' | 'lines' | 'declaration'
  path: string
  members?: Block[]
}

/** `head` is the line's beginning, enough to tell what it is; `next` is where the following line begins. */
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
