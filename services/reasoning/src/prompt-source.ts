import type { Passage } from '@weft/contracts'
import type { PromptSource } from '@weft/models'
import { passageTitle } from '@weft/retrieval'

/** Numbered as the citations number the passages. */
export function promptSourceOf(passage: Passage, index: number): PromptSource {
  return { id: index + 1, title: passageTitle(passage), text: passage.text }
}
