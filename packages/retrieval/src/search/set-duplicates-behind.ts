/** Texts that share so much of their runs of three words are duplicates: a word or two of a paragraph differ, or the head of a page. */
const sameShare = 0.8

/** Texts with fewer words are duplicates only if they are equal, because a few words can be shared by chance. */
const wordsMin = 12

/** Of more than 64 runs of words only every fourth is compared: by its hash, so that the same ones are compared in every text. */
const sampleOf = 4
const sampledFrom = 64

/**
 * Moves hits whose text is nearly that of a hit before them behind all others, and gives them at most the score of the last of those: the same page in two files
 * fills one place of a list and not two. `duplicates` of a hit names the hits that were moved because of it. Hits without a text stay where they are.
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

/** What texts are compared by: the hashes of their runs of three words or, of a text too short for that, its words. */
type Print = { words: string; runs: Set<number> }

function printOf(text: string): Print {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length < wordsMin) return { words: words.join(' '), runs: new Set() }
  const runs = runsOf(words)
  return { words: '', runs: new Set(runs.length > sampledFrom ? runs.filter((run) => run % sampleOf === 0) : runs) }
}

/** Hashes each word once and combines the hashes of three: hashing each run as a text took most of a search's own time. */
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

/** Combines a hash with the next as FNV-1a does with a byte, and mixes the high bits into the low ones, by which the sample is drawn. */
function mix(value: number, part: number): number {
  const mixed = Math.imul(value ^ part, 16_777_619)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
