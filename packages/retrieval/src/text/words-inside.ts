import { identifierParts } from './identifier-parts.ts'
import { unspacedPairs } from './unspaced-pairs.ts'

/** Words inside what the database takes for one: of identifiers, and of text without spaces. A passage and a question meet by them too. */
export function wordsInside(text: string): string {
  return [identifierParts(text), unspacedPairs(text)].filter((words) => words !== '').join(' ')
}
