/** A word of a question in one store: the chunks it is in are read or looked up by `id`. */
export interface WordToRead {
  id: string
  /** What the word is worth at most, in one chunk. */
  weight: number
  /** Chunks to read. */
  chunks: number
  /** These are the chunks that are strongly about the word. */
  isStrong: boolean
}

/** Reading and adding up costs some 0.4 µs a chunk and word. */
const enough = 10_000
/** What chunks of either kind have of a word's weight, in the middle. */
const usualShare = { strong: 0.7, weak: 0.4 }

/**
 * Which words are read whole, and which are only looked up in the chunks that those lead to. All are read as long as that is little; of more,
 * those whose chunks gain most by them, until enough chunks are read: impact-ordered reading that stops early (Lin and Trotman, ICTIR 2015).
 */
export function chooseWords<Word extends WordToRead>(words: Word[]): { read: Word[]; lookUp: Word[] } {
  const total = words.reduce((sum, { chunks }) => sum + chunks, 0)
  if (total <= 2 * enough) return { read: words, lookUp: [] }
  const byGain = words.toSorted((a, b) => usualGain(b) - usualGain(a))
  const read: Word[] = []
  let chunks = 0
  for (const word of byGain) {
    if (chunks >= enough) break
    read.push(word)
    chunks += word.chunks
  }
  return { read, lookUp: byGain.slice(read.length) }
}

function usualGain({ weight, isStrong }: WordToRead): number {
  return weight * (isStrong ? usualShare.strong : usualShare.weak)
}
