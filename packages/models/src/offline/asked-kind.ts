import { stemsOf } from './normalise-words.ts'

/** What a question wants to be told, where its words say so. */
export type AskedKind = 'number' | 'time' | 'person' | 'place'

export function askedKind(question: string): AskedKind | undefined {
  return kinds.find(([, asks]) => asks.test(question))?.[0]
}

const kinds: [AskedKind, RegExp][] = [
  ['number', /\bhow (many|much|long|old|tall|far|often|large|big|high|deep|heavy)\b|\bnumber of\b|\bpercent/i],
  ['time', /\bwhen\b|\b(what|which) (year|date|month|day|century)\b/i],
  ['person', /\bwho(m|se)?\b/i],
  ['place', /\bwhere\b|\b(what|which) (city|country|county|state|place|continent|region|town)\b/i],
]

/** Whether a sentence tells something of that kind which the question does not already hold. */
export function tellsKind(kind: AskedKind, sentence: string, question: string): boolean {
  switch (kind) {
    case 'number':
      return hasNumber.test(sentence)
    case 'time':
      return hasTime.test(sentence)
    case 'person':
      return hasNewName(sentence, question)
    case 'place':
      return beforePlace.test(sentence) && hasNewName(sentence, question)
  }
}

const hasNumber = /\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|thousand|million|half|dozen)\b/i
const hasTime =
  /\b(1\d{3}|20\d{2})\b|\b(january|february|march|april|may|june|july|august|september|october|november|december|century)\b/i
const beforePlace = /\b(in|at|near|from|of|to) (the )?\p{Lu}/u

function hasNewName(sentence: string, question: string): boolean {
  const asked = new Set(stemsOf(question))
  return [...sentence.matchAll(nameInside)].some(([name]) => stemsOf(name).some((stem) => !asked.has(stem)))
}

/** The first word of a sentence is written with a capital whatever it is. */
const nameInside = /(?<!^)(?<![.!?]\s)\b\p{Lu}[\p{L}\p{N}]+/gu
