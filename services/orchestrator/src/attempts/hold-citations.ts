/**
 * What of a growing text may be shown before the citations in it were looked at: all before its first marker, or nothing. The rest comes with the
 * result, from which a marker, or its sentence, may have to be taken.
 */
export function holdCitations(
  holds: 'nothing' | 'markers' | 'everything',
  show: (text: string, offset: number) => void,
): (text: string, offset: number) => void {
  if (holds === 'nothing') return show
  let offset = 0
  let held = ''
  let isOver = holds === 'everything'
  return (delta) => {
    if (isOver) return
    const text = held + delta
    const end = text.search(mayBeMarker)
    held = text.slice(end)
    isOver = isMarker.test(held)
    if (end === 0) return
    show(text.slice(0, end), offset)
    offset += end
  }
}

/** With the space before it, which goes with it; at the end of the text if nowhere else. */
const mayBeMarker = /[ \t]?\[\s*\d|[ \t]?(?:\[\s*)?$/
const isMarker = /^[ \t]?\[\s*\d/
