import { countContentTerms } from '../text/content-terms.ts'
import { namesIn, type ReferenceKind } from './topic-of-question.ts'

/** A word that refers to something said before, such as "it": its place in the question, what it may refer to, and how that has to be put in its place. */
export type Reference = { start: number; end: number; kind: ReferenceKind; form: 'plain' | 'possessive' | 'place' }

/** With so many content words before it in the same question, a referring word may mean one of them. */
const ownTermsMin = 3

/** The words of a question that point to something outside of it, in order. */
export function findReference(question: string): Reference[] {
  const found: Reference[] = []
  for (const match of question.matchAll(pointing)) {
    const { index: start } = match
    const [word] = match
    const end = start + word.length
    const before = question.slice(0, start)
    const after = question.slice(end)
    const reference = referenceOf(word.toLowerCase(), before, after)
    if (reference !== undefined && !(found.length === 0 && hasOwn(before, after, reference.kind)))
      found.push({ start, end: end + (reference.takes ?? 0), ...reference })
  }
  return found
}

const pointing =
  /(?<![\p{L}\p{N}'’-])(?:it|its|he|him|his|she|her|hers|they|them|their|theirs|there|this|that|these|those)(?![\p{L}\p{N}'’-]|['’](?:ll|ve|d)\b)/giu

type Found = Pick<Reference, 'kind' | 'form'> & { takes?: number }

function referenceOf(word: string, before: string, after: string): Found | undefined {
  switch (word) {
    case 'he':
    case 'him':
    case 'she':
      return { kind: 'person', form: 'plain' }
    case 'his':
    case 'hers':
      return { kind: 'person', form: 'possessive' }
    case 'her':
      return {
        kind: 'person',
        form:
          /^\s+\p{L}/u.test(after) && !/^\s+(?:to|in|at|for|from|of|and|or|when|after|before|as)\b/i.test(after)
            ? 'possessive'
            : 'plain',
      }
    case 'its':
      return { kind: 'thing', form: 'possessive' }
    case 'their':
    case 'theirs':
      return { kind: 'any', form: 'possessive' }
    case 'it':
      return isExpletive(before, after) ? undefined : { kind: 'thing', form: 'plain' }
    case 'they':
    case 'them':
      return { kind: 'any', form: 'plain' }
    case 'there':
      return isExistential(before, after) ? undefined : { kind: 'place', form: 'place' }
    default:
      return demonstrative(before, after)
  }
}

/** "Is it true that …", "does it take long to …" point to nothing. */
function isExpletive(before: string, after: string): boolean {
  const states = /^\s+(?:is|was|be|seems?)?\s*(?:true|possible|safe|legal|likely|better|important|necessary|correct|raining)\b/i
  return (
    states.test(after) ||
    (/\b(?:does|will|did|would)\s+$/i.test(before) && /^\s+(?:make sense|matter|take\b.*\bto)\b/i.test(after))
  )
}

/** "Is there …", "there are …"; at the end it is a place. */
function isExistential(before: string, after: string): boolean {
  if (/^\s+(?:is|are|was|were|will|can|may|must|has|have|had)\b/i.test(after)) return true
  const follows = /\b(?:is|are|was|were|be|been)\s+$/i.test(before)
  return follows && !/^\s*(?:[?.!,]|$)/.test(after)
}

const noun =
  /^\s+(?<noun>(?!(?:is|are|was|were|do|does|did|can|could|will|would|has|have|had|should|may|might|be|and|or|in|on|at|for|to|from|of|with|by|not|work|mean|happen|means|works|measured|called|used|made|done|that|who|which|when|where|why|how|the|a|an)\b)[\p{L}][\p{L}-]*)/iu

/** "this" and "that method", but not the "that" that opens a clause. */
function demonstrative(before: string, after: string): Found | undefined {
  const opens =
    /(?:^|[,;:]|\b(?:of|for|in|about|with|to|by|from|on|at|and|or|than|is|are|was|were|do|does|did|can|could|will|would|why|how|when|where|like|after|before|during))\s*$/i
  if (!opens.test(before)) return undefined
  const named = noun.exec(after)?.groups?.noun
  if (named === undefined) return { kind: 'thing', form: 'plain' }
  const isGeneral = /^(?:one|ones|case|thing|things)$/i.test(named)
  return { kind: 'thing', form: 'plain', takes: isGeneral ? 1 + named.length : 0, ...(isGeneral ? {} : { form: 'possessive' }) }
}

/**
 * Whether the question itself has what its first referring word means: a name, or enough content words, stand before it. At the end of a question ("… of it?",
 * "… there?") that takes many more words.
 */
function hasOwn(before: string, after: string, kind: ReferenceKind): boolean {
  const terms = countContentTerms(before)
  const isLast = /^\W*$/.test(after) && (kind === 'place' || /\b(?:of|in|on|with|for|from|to|by|at|about)\s+$/i.test(before))
  return isLast ? terms >= ownTermsOfLong : namesIn(before).length > 0 || terms >= ownTermsMin
}

const ownTermsOfLong = 6
