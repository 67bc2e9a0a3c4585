import { stemsOf, topicStems } from './normalise-words.ts'

/** To be about the same thing, two sentences must share this much of their other words, and at least so many. */
const sharedMin = 0.75
const sharedWordsMin = 3

const negations = new Set(['no', 'not', 'never', 'without', 'cannot', 'neither', 'nor'])

/** Pairs of opposites, by how the words begin. */
const opposites: [RegExp, RegExp][] = [
  [/^(increas|rais|ris|grow|improv)/, /^(decreas|reduc|lower|fall|declin|worsen)/],
  [/^(higher|more|above|longer|larger|faster)$/, /^(lower|less|fewer|below|shorter|smaller|slower)$/],
  [/^(safe|effective|allow|permit|support|true|open)/, /^(unsafe|ineffective|forbid|prohibit|contradict|false|clos)/],
  [/^(before|first|start|begin)/, /^(after|last|stop|end)/],
]

/**
 * Whether two sentences say different things about the same: they have nearly the same words, and differ in exactly one of a number, a negation or an opposite.
 * When two numbers differ, they are two cases rather than a conflict ("in 1990 it was 300, in 2000 it was 330").
 */
export function areInConflict(left: string, right: string): boolean {
  const [a, b] = [partsOf(left), partsOf(right)]
  const numbersApart = apart(a.numbers, b.numbers)
  if (numbersApart > 1 || a.numbers.size !== b.numbers.size) return false
  const signs = [numbersApart === 1, a.isNegated !== b.isNegated, areOpposite(a.words, b.words)].filter(Boolean).length
  return signs === 1 && shareWords(a.topics, b.topics)
}

interface Parts {
  words: Set<string>
  /** The stems that tell what the sentence is about, without numbers and words that have an opposite. */
  topics: Set<string>
  numbers: Set<string>
  isNegated: boolean
}

function partsOf(text: string): Parts {
  const plain = text.replace(/n[’']t\b/gi, ' not')
  const words = new Set(plain.toLowerCase().match(/\p{L}+/gu) ?? [])
  const stems = topicStems(plain)
  return {
    words,
    topics: new Set(stems.filter((stem) => !isNumber(stem) && !opposites.flat().some((side) => side.test(stem)))),
    numbers: new Set(stems.filter(isNumber)),
    isNegated: stemsOf(plain).some((stem) => negations.has(stem)),
  }
}

function isNumber(stem: string): boolean {
  return /^\d/.test(stem)
}

/** How many of the left numbers the right lacks. When both have equally many, it is the same the other way round. */
function apart(left: Set<string>, right: Set<string>): number {
  return [...left].filter((number) => !right.has(number)).length
}

function areOpposite(left: Set<string>, right: Set<string>): boolean {
  const has = (words: Set<string>, side: RegExp) => [...words].some((word) => side.test(word))
  return opposites.some(([one, other]) => {
    const isForth = has(left, one) && !has(left, other) && has(right, other) && !has(right, one)
    const isBack = has(left, other) && !has(left, one) && has(right, one) && !has(right, other)
    return isForth || isBack
  })
}

function shareWords(left: Set<string>, right: Set<string>): boolean {
  const shared = [...left].filter((stem) => right.has(stem)).length
  return shared >= sharedWordsMin && shared >= sharedMin * Math.max(left.size, right.size)
}
