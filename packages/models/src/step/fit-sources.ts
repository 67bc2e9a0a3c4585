/** Sources that fit a prompt, and what did not: how many are missing from the end, and whether the last one is cut. */
export interface FittedSources<T> {
  sources: T[]
  leftOut: number
  isCut: boolean
}

/** A cut source shorter than this is not worth its place. */
const sourceCharsMin = 200

/** The first sources whole, within `room` characters; the next one is cut at the end of a sentence, those behind it are left out. One is always kept. */
export function fitSources<T extends { text: string }>(sources: T[], room: number): FittedSources<T> {
  const kept: T[] = []
  let left = room
  let isCut = false
  for (const candidate of sources) {
    if (isCut || (left < sourceCharsMin && kept.length > 0)) break
    isCut = candidate.text.length > left
    const text = isCut ? cutAtSentence(candidate.text, Math.max(sourceCharsMin, left)) : candidate.text
    left -= text.length
    kept.push({ ...candidate, text })
  }
  return { sources: kept, leftOut: sources.length - kept.length, isCut }
}

/** Ends with a whole sentence where one ends in the second half, else with a whole word. */
function cutAtSentence(text: string, chars: number): string {
  const cut = text.slice(0, chars)
  const ends = [...cut.matchAll(/[.!?…]["'”’»)\]]*(?=\s)|[。！？]|\n(?=\n)/g)].map((match) => match.index + match[0].length)
  const end = ends.at(-1) ?? 0
  return end >= chars / 2 ? cut.slice(0, end) : cutAtWord(text, chars)
}

/** Statements that fit a prompt, and whether something of them does not. */
export interface FittedStatements<T> {
  statements: T[]
  isCut: boolean
}

/** All whole where `room` characters hold them; else an equal share for each, so that none is crowded out but where too little would be left of each. */
export function fitStatements<T extends { text: string }>(all: T[], room: number): FittedStatements<T> {
  if (all.reduce((chars, { text }) => chars + text.length, 0) <= room) return { statements: all, isCut: false }
  const kept = all.slice(0, Math.max(1, Math.floor(room / statementCharsMin)))
  const share = Math.max(statementCharsMin, Math.floor(room / kept.length))
  const statements = kept.map((each) => (each.text.length <= share ? each : { ...each, text: cutAtWord(each.text, share) }))
  return { statements, isCut: true }
}

/** Less of a statement says too little. */
const statementCharsMin = 200

function cutAtWord(text: string, chars: number): string {
  const cut = text.slice(0, chars)
  const space = cut.search(/\s\S*$/)
  return space > 0 ? cut.slice(0, space) : cut
}
