import { splitSentences } from '@weft/models'
import type { Collection } from '@weft/retrieval/testing'

/** Real sentences, drawn at random: as many words, and as rare ones, as people write, in passages that are all different. */
export function createPassages(collections: Collection[], seed: number) {
  const sentences = collections.flatMap(({ documents }) =>
    documents.flatMap(({ text }) => splitSentences(text).map((sentence) => sentence.text)),
  )
  const random = seededRandom(seed)
  const draw = () => sentences[Math.floor(random() * sentences.length)]?.trim() ?? ''
  return {
    /** A paragraph of at most so many letters. */
    passage(lettersMax: number): string {
      let text = draw().slice(0, lettersMax)
      for (let next = draw(); text.length + next.length < lettersMax; next = draw()) text += ` ${next}`
      return text.replaceAll(/\s+/g, ' ')
    },
    /** What a person might ask: eight words of one sentence. */
    question(): string {
      let words: string[] = []
      while (words.length < 8) words = draw().match(/\p{L}{2,}/gu) ?? []
      const from = Math.floor(random() * (words.length - 7))
      return words.slice(from, from + 8).join(' ')
    },
  }
}

function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
