import { stemsOf, topicStems } from './normalise-words.ts'

/** The kind of fact that a question asks for, when its words tell. */
export type AskedKind = 'definition' | 'number' | 'time' | 'person' | 'place'

export function askedKind(question: string): AskedKind | undefined {
  if (definedSubject(question) !== undefined) return 'definition'
  return kinds.find(([, asks]) => asks.test(question))?.[0]
}

/** “What is a loom?”, “What does shed mean?”: a short subject and nothing else. */
const definitions = [
  /^(?:what|who)(?:['’]s|\s+is|\s+are)\s+(?<subject>[^,;:?]{1,60})\??$/i,
  /^what\s+does\s+(?<subject>[^,;:?]{1,60}?)\s+(?:mean|stand\s+for)\??$/i,
  /^(?:what\s+is\s+)?(?:the\s+)?(?:meaning|definition)\s+of\s+(?<subject>[^,;:?]{1,60})\??$/i,
  /^define\s+(?<subject>[^,;:?]{1,60})$/i,
]
const definedWordsMax = 3

/** The stems of the subject that a question wants defined. Undefined for longer subjects and for those of something else (“the capital of France”): they ask for a fact. */
function definedSubject(question: string): Set<string> | undefined {
  const asked = question.trim().replace(/[.!]$/, '')
  const subject = definitions.map((pattern) => pattern.exec(asked)?.groups?.subject).findLast((found) => found !== undefined)
  if (subject === undefined || /\s(?:of|in|for|at|by|on|from|between)\s/i.test(subject)) return undefined
  const stems = new Set(topicStems(subject))
  return stems.size === 0 || stems.size > definedWordsMax ? undefined : stems
}

const kinds: [AskedKind, RegExp][] = [
  ['number', /\bhow (many|much|long|old|tall|far|often|large|big|high|deep|heavy)\b|\bnumber of\b|\bpercent/i],
  ['time', /\bwhen\b|\b(what|which) (year|date|month|day|century)\b/i],
  ['person', /\bwho(m|se)?\b/i],
  ['place', /\bwhere\b|\b(what|which) (city|country|county|state|place|continent|region|town)\b/i],
]

/** Whether a sentence tells a fact of that kind that the question does not hold itself. */
export function tellsKind(kind: AskedKind, sentence: string, question: string): boolean {
  switch (kind) {
    case 'definition':
      return defines(sentence, definedSubject(question) ?? new Set())
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

/** A definition names its subject before its first verb or colon: “A loom is …”, “shed: …”, “Shed (weaving) means …”. */
const definition = /^(?<head>.{1,80}?)(?:\s+(?:is|are|means?|refers?\s+to|stands?\s+for|denotes?)\s|\s*[:|—–]\s|\s-\s)/iu

function defines(sentence: string, subject: Set<string>): boolean {
  const head = new Set(topicStems(definition.exec(sentence)?.groups?.head ?? ''))
  return head.size <= subject.size + 1 && [...subject].every((stem) => head.has(stem))
}

const hasNumber = /\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|thousand|million|half|dozen)\b/i
const hasTime =
  /\b(1\d{3}|20\d{2})\b|\b(january|february|march|april|may|june|july|august|september|october|november|december|century)\b/i
const beforePlace = /\b(in|at|near|from|of|to) (the )?\p{Lu}/u

function hasNewName(sentence: string, question: string): boolean {
  const asked = new Set(stemsOf(question))
  return [...sentence.matchAll(nameInside)].some(([name]) => stemsOf(name).some((stem) => !asked.has(stem)))
}

/** Names within a sentence; the first word is left out, because it has a capital whatever it is. */
const nameInside = /(?<!^)(?<![.!?]\s)\b\p{Lu}[\p{L}\p{N}]+/gu
