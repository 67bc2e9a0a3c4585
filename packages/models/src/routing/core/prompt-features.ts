/** How many numbers describe a prompt. */
export const featureCount = 49

/** How many signed sums the words are spread over: few, so that a hundred outcomes tell something of each. */
const wordBuckets = 32

/** How much of a prompt is read: all of a long document would cost more than it tells. */
const charsRead = 8_000

/**
 * Describes by numbers how hard a prompt looks: its length, numbers, conditions, marks of code and of choices, and its words in hashed sums, from which no word can
 * be read back. Each number is of the order of one, by scales that are fixed, so that all processes agree.
 */
export function featuresOfPrompt(prompt: string): number[] {
  const text = prompt.slice(0, charsRead)
  const lower = text.toLowerCase()
  const words = lower.match(/[\p{L}\p{N}']+/gu) ?? []
  const numbers = text.match(/\d[\d,.]*/g) ?? []
  const sentences = text.split(/[.?!]\s/).length
  const letters = words.reduce((sum, word) => sum + word.length, 0)
  const has = (pattern: RegExp) => (pattern.test(lower) ? 1 : 0)
  const looks = [
    1,
    (Math.log(prompt.length + 1) - 5.5) / 0.8,
    (Math.log(words.length + 1) - 3.8) / 0.8,
    (Math.log1p(numbers.length) - 1.2) / 0.8,
    (new Set(numbers).size - 3) / 3,
    (Math.log(sentences) - 1.2) / 0.7,
    (letters / Math.max(1, words.length) - 4.5) / 0.8,
    has(/%|percent/),
    has(/\d\/\d|half|third|quarter/),
    has(/how much|how many/),
    has(/\$\d/),
    has(/\bif\b/),
    has(/\b(each|every|per)\b/),
    has(/\b(twice|times|more than|less than|fewer)\b/),
    has(/\ba[.)] [\s\S]{0,400}\bb[.)] /),
    has(/\b(not|except|false|wrong|incorrect)\b/),
    has(/```|=>|\b(function|class|def|return|select|import)\b/),
  ]
  return [...looks.map(withinScale), ...wordSums(words)]
}

/**
 * How many steps a sum in words seems to take: more the longer it is, and more with shares ("half"), conditions ("if") and comparisons ("twice", "fewer"); how
 * many numbers it gives tells nothing. The mean is 0. The value is bounded, because a bare formula or a long document is no such sum.
 */
export function stepsOf(features: readonly number[]): number {
  const steps = Object.values(stepMarks).reduce((sum, at) => sum + (features[at] ?? 0), -stepsUsual)
  return Math.min(stepsMax, Math.max(-stepsMax, steps))
}

/** The places of these marks among the features. */
const stepMarks = { length: 1, shares: 8, conditions: 11, comparisons: 13 }
const stepsMax = 2
/** The mean on the tuning split of bench/routing. */
const stepsUsual = 0.95

/** Bounds a feature, so that one odd prompt does not outweigh a hundred usual ones. */
function withinScale(value: number): number {
  return Math.min(3, Math.max(-3, value))
}

/** Signed feature hashing (Weinberger et al., ICML 2009) of the words, each counted once, as a vector of length `wordScale`. */
function wordSums(words: string[]): number[] {
  const sums = new Array<number>(wordBuckets).fill(0)
  for (const word of new Set(words)) {
    const hash = hashOf(word)
    const bucket = (hash >>> 1) % wordBuckets
    sums[bucket] = (sums[bucket] ?? 0) + (hash & 1 ? 1 : -1)
  }
  const length = Math.hypot(...sums) || 1
  return sums.map((sum) => (wordScale * sum) / length)
}

const wordScale = 2

/** FNV-1a of 32 bits, mixed once more, because its last bits alone are poor. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 0
}
