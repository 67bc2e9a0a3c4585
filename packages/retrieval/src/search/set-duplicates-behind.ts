/** Texts that share this much of their runs of three words say the same: a word or two of a paragraph differ, or a page's head. */
const sameShare = 0.8

/** Shorter texts have to be equal: few words are shared by chance. */
const wordsMin = 12

/** Of a long text's runs of words so many are compared, the same ones in every text. */
const sampleOf = 4
const sampledFrom = 64

/**
 * Hits whose text nearly says what one before them says follow behind all others, with no more than the score of the last of these: the same page in two files
 * fills one place of a list, not two. `duplicates` of a hit names those that stand behind for it. Hits without text stay where they are.
 */
export function setDuplicatesBehind<T extends { id: string; score: number }>(
  hits: T[],
  textOf: (hit: T) => string | undefined,
): (T & { duplicates?: string[] })[] {
  const kept: { hit: T; print: Print | undefined; duplicates: string[] }[] = []
  const behind: T[] = []
  for (const hit of hits) {
    const text = textOf(hit)
    const print = text === undefined ? undefined : printOf(text)
    const same = print && kept.find((each) => each.print !== undefined && areSame(each.print, print))
    if (same === undefined) kept.push({ hit, print, duplicates: [] })
    else {
      same.duplicates.push(hit.id)
      behind.push(hit)
    }
  }
  const last = kept.at(-1)?.hit.score ?? 0
  return [
    ...kept.map(({ hit, duplicates }) => (duplicates.length === 0 ? hit : { ...hit, duplicates })),
    ...behind.map((hit) => ({ ...hit, score: Math.min(hit.score, last) })),
  ]
}

/** `words`: of a text too short for runs; `runs`: hashes. */
type Print = { words: string; runs: Set<number> }

function printOf(text: string): Print {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length < wordsMin) return { words: words.join(' '), runs: new Set() }
  const runs = runsOf(words)
  return { words: '', runs: new Set(runs.length > sampledFrom ? runs.filter((run) => run % sampleOf === 0) : runs) }
}

/** Each word is hashed once: hashing the runs as texts took most of a search's own time. */
function runsOf(words: readonly string[]): number[] {
  const runs: number[] = []
  let [first, second] = [0, 0]
  for (const [index, word] of words.entries()) {
    const third = hash(word)
    if (index >= 2) runs.push(mix(mix(mix(offset, first), second), third))
    first = second
    second = third
  }
  return runs
}

function areSame(left: Print, right: Print): boolean {
  if (left.words !== '' && left.words === right.words) return true
  const [few, many] = left.runs.size < right.runs.size ? [left.runs, right.runs] : [right.runs, left.runs]
  if (few.size === 0 || few.size < sameShare * many.size) return false
  let shared = 0
  for (const run of few) if (many.has(run)) shared += 1
  return shared >= sameShare * (few.size + many.size - shared)
}

/** FNV-1a, 32 bits. */
const offset = 2_166_136_261

function hash(text: string): number {
  let value = offset
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 16_777_619) >>> 0
  return value
}

/** As FNV-1a takes a byte, with the high half brought down, so that every bit counts for the sample. */
function mix(value: number, part: number): number {
  const mixed = Math.imul(value ^ part, 16_777_619)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
