import type { UnverifiedSentences } from '@weft/contracts'

export interface Unsupported {
  /** Numbers of citations whose quotes do not stand in the text they name. */
  numbers: ReadonlySet<number>
  unverified: UnverifiedSentences
}

/** Stands behind a sentence that nothing supports, as in answers of Weft's own agents. */
const unverifiedMark = '[unverified]'
const markers = /[ \t]?\[\s*\d{1,3}(?:\s*[,;]\s*\d{1,3})*\s*\](?!\()/g
const leadingMarkers = /^\s*(?:\[[\d\s,;]+\](?!\()\s*)+/
const code = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g

/**
 * A text without the markers of unsupported citations; the others keep their numbers, and brackets in code are no markers. A sentence that has no other
 * marker left is marked or left out where that is wished; `changed` counts those.
 */
export function withoutUnsupported(text: string, { numbers, unverified }: Unsupported): { text: string; changed: number } {
  const isCode = codeIn(text)
  let changed = 0
  let at = 0
  const said = sentencesOf(text).map((sentence) => {
    const from = at
    at += sentence.length
    let isLost = false
    let isSupported = false
    const rest = sentence.replace(markers, (marker, offset: number) => {
      if (isCode(from + offset + marker.indexOf('['))) return marker
      const cited = Array.from(marker.matchAll(/\d+/g), ([digits]) => Number(digits))
      const kept = cited.filter((number) => !numbers.has(number))
      isLost ||= kept.length < cited.length
      isSupported ||= kept.length > 0
      if (kept.length === cited.length) return marker
      return kept.length === 0 ? '' : `${marker.slice(0, marker.indexOf('['))}[${kept.join(', ')}]`
    })
    if (!isLost || isSupported || unverified === 'keep') return rest
    changed += 1
    const words = rest.trimEnd()
    const space = rest.slice(words.length)
    if (unverified === 'mark') return `${words} ${unverifiedMark}${space}`
    return space.includes('\n') ? space : ''
  })
  return { text: said.join(''), changed }
}

/** Asked for places that rise. */
function codeIn(text: string): (at: number) => boolean {
  const spans = text.matchAll(code)
  let span = spans.next().value
  return (at) => {
    while (span !== undefined && span.index + span[0].length <= at) span = spans.next().value
    return span !== undefined && span.index <= at
  }
}

const sentences = new Intl.Segmenter('und', { granularity: 'sentence' })

/** Markers at the beginning of a sentence, or joined to its full stop, belong to the one before. */
function sentencesOf(text: string): string[] {
  const joined: string[] = []
  const outside = outsideMarkers(text)
  let start = 0
  for (const { segment, index } of sentences.segment(text)) {
    const said = text.slice(start, outside(index + segment.length))
    start += said.length
    const before = joined.length === 0 ? '' : (leadingMarkers.exec(said)?.[0] ?? '')
    if (before !== '') joined[joined.length - 1] += before
    const rest = said.slice(before.length)
    if (rest !== '') joined.push(rest)
  }
  return joined
}

/** The place itself or, inside a marker, that marker's end: a sentence is thought to end within "over.[2]". Asked for places that rise. */
function outsideMarkers(text: string): (at: number) => number {
  const found = text.matchAll(markers)
  let marker = found.next().value
  return (at) => {
    while (marker !== undefined && marker.index + marker[0].length <= at) marker = found.next().value
    return marker === undefined || at <= marker.index + marker[0].indexOf('[') ? at : marker.index + marker[0].length
  }
}
