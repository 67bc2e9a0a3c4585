import { contentTerms } from '../text/content-terms.ts'

/**
 * A question without the words that a passage has already: what is still to be found. A second search that kept them would find that passage's
 * neighbours again.
 */
export function restOfQuestion(question: string, passage: string): string {
  const met = new Set(contentTerms(passage))
  return question
    .split(/\s+/)
    .filter((word) => {
      const terms = contentTerms(word)
      return terms.length === 0 || !terms.every((term) => met.has(term))
    })
    .join(' ')
}
