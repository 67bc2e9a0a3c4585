/** English-like text from a seed: the same seed gives the same text. Words are drawn by Zipf's law from a vocabulary of 20,000. */
export function generateText(seed: number, bytes: number): string {
  const random = mulberry32(seed)
  const parts: string[] = []
  let length = 0
  let inSentence = 0
  let inParagraph = 0
  while (length < bytes) {
    const word = vocabulary[Math.floor(vocabulary.length ** random()) - 1] ?? 'word'
    inSentence += 1
    const isEnd = inSentence > 6 && random() < 0.1
    if (isEnd) {
      inSentence = 0
      inParagraph += 1
    }
    const isBreak = inParagraph === 6
    if (isBreak) inParagraph = 0
    const piece = `${word}${isBreak ? '.\n\n' : isEnd ? '. ' : ' '}`
    parts.push(piece)
    length += piece.length
  }
  return parts.join('').slice(0, bytes)
}

const syllables = [
  'ba',
  'cor',
  'den',
  'fi',
  'gra',
  'hel',
  'in',
  'jo',
  'ka',
  'lum',
  'mer',
  'nol',
  'os',
  'pra',
  'qui',
  'ren',
  'sta',
  'ti',
  'ul',
  'ver',
]

const vocabulary = Array.from({ length: 20_000 }, (_, number) => {
  let word = ''
  for (let rest = number + 20; rest > 0; rest = Math.floor(rest / 20)) word += syllables[rest % 20]
  return word
})

/** Mulberry32 (Tommy Ettinger, 2017, public domain): a small generator with a full period of 2^32. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
