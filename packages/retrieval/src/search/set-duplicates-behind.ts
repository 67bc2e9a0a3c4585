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
  const lower = text.toLowerCase()
  const words = hashWords(lower)
  if (words.length < wordsMin) return { words: (lower.match(/[\p{L}\p{N}]+/gu) ?? []).join(' '), runs: new Set() }
  const runs = runsOf(words)
  return { words: '', runs: new Set(runs.length > sampledFrom ? runs.filter((run) => run % sampleOf === 0) : runs) }
}

/** Each word is hashed once, as its letters are read: cutting texts into words, and hashing runs as texts, took most of a search's own time. */
function hashWords(text: string): number[] {
  const words: number[] = []
  let word = offset
  let isInWord = false
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    const isWord = unit < 128 ? isAsciiWord(unit) : isOtherWord(text, at)
    if (isWord) word = hashUnit(word, unit)
    else if (isInWord) {
      words.push(word)
      word = offset
    }
    isInWord = isWord
  }
  if (isInWord) words.push(word)
  return words
}

/** Of a text in lower case. */
function isAsciiWord(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57)
}

/** Of what is no pair: 1 belongs to a word, 2 does not, 0 is not known yet. */
const kinds = new Uint8Array(65_536)

/** The second half of a pair belongs to what the first one does. */
function isOtherWord(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  if (unit >= 0xd800 && unit <= 0xdfff) {
    const isSecond = unit >= 0xdc00 && (text.codePointAt(at - 1) ?? 0) > 0xffff
    return isOfWord(text.codePointAt(isSecond ? at - 1 : at))
  }
  const kind = kinds[unit] || (isOfWord(unit) ? 1 : 2)
  kinds[unit] = kind
  return kind === 1
}

function isOfWord(codePoint = 0): boolean {
  return /[\p{L}\p{N}]/u.test(String.fromCodePoint(codePoint))
}

function runsOf(words: readonly number[]): number[] {
  const runs: number[] = []
  let [first = 0, second = 0] = words
  for (let index = 2; index < words.length; index += 1) {
    const third = words[index] ?? 0
    runs.push(mix(mix(mix(offset, first), second), third))
    first = second
    second = third
  }
  return runs
}

function areSame(left: Print, right: Print): boolean {
  if (left.words !== '' && left.words === right.words) return true
  const [few, many] = left.runs.size < right.runs.size ? [left.runs, right.runs] : [right.runs, left.runs]
  let missing = 0
  const mayBeSame = () => few.size - missing >= sameShare * (many.size + missing)
  for (const run of few) {
    if (!many.has(run)) missing += 1
    if (!mayBeSame()) return false
  }
  return few.size > 0 && mayBeSame()
}

/** FNV-1a, 32 bits. */
const offset = 2_166_136_261

function hashUnit(value: number, unit: number): number {
  return Math.imul(value ^ unit, 16_777_619) >>> 0
}

/** As FNV-1a takes a byte, with the high half brought down, so that every bit counts for the sample. */
function mix(value: number, part: number): number {
  const mixed = Math.imul(value ^ part, 16_777_619)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
