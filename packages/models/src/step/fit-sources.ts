/** The sources that fit a prompt, how many were left out at the end, and whether the last one is cut. */
export interface FittedSources<T> {
  sources: T[]
  leftOut: number
  isCut: boolean
}

/** A source that is cut shorter than this is not worth its place. */
const sourceCharsMin = 200

/** Keeps the first sources whole within `room` characters, cuts the next one at the end of a sentence, and leaves out the rest. One is always kept. */
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

/** Cuts after a whole sentence if one ends in the second half, else after a whole word. */
function cutAtSentence(text: string, chars: number): string {
  const cut = text.slice(0, chars)
  const ends = [...cut.matchAll(/[.!?…]["'”’»)\]]*(?=\s)|[。！？]|\n(?=\n)/g)].map((match) => match.index + match[0].length)
  const end = ends.at(-1) ?? 0
  return end >= chars / 2 ? cut.slice(0, end) : cutAtWord(text, chars)
}

/** The statements that fit a prompt, and whether any was cut or left out. */
export interface FittedStatements<T> {
  statements: T[]
  isCut: boolean
}

/** Keeps all statements whole if they fit `room` characters. Otherwise each gets an equal share, and the last are left out when the shares would be too small. */
export function fitStatements<T extends { text: string }>(all: T[], room: number): FittedStatements<T> {
  if (all.reduce((chars, { text }) => chars + text.length, 0) <= room) return { statements: all, isCut: false }
  const kept = all.slice(0, Math.max(1, Math.floor(room / statementCharsMin)))
  const share = Math.max(statementCharsMin, Math.floor(room / kept.length))
  const statements = kept.map((each) => (each.text.length <= share ? each : { ...each, text: cutAtWord(each.text, share) }))
  return { statements, isCut: true }
}

/** A statement that is cut shorter than this says too little. */
const statementCharsMin = 200

function cutAtWord(text: string, chars: number): string {
  const cut = text.slice(0, chars)
  const space = cut.search(/\s\S*$/)
  return space > 0 ? cut.slice(0, space) : cut
}
