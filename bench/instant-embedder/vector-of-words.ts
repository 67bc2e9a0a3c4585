/** As long as those of the local model. */
export const dimensions = 384

/** Directions lean to one side, so that no two texts are opposed: as it is with models, and as searches expect, which rank what is opposed as equal. */
const lean = 0.7

/**
 * A vector of length one that stands in for a model's: each word leads to a random direction of its own, and a text to the sum of its words', so
 * that texts which share words are close. Costs some microseconds.
 */
export function vectorOfWords(text: string): Float32Array {
  const vector = new Float32Array(dimensions)
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\d]{3,}/gu)) {
    let state = hash(word)
    for (let at = 0; at < dimensions; at += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      vector[at] = (vector[at] ?? 0) + state / 2_147_483_648 - lean
    }
  }
  const length = Math.hypot(...vector) || 1
  return vector.map((value) => value / length)
}

/** FNV-1a, 32 bits. */
function hash(word: string): number {
  let value = 2_166_136_261
  for (let at = 0; at < word.length; at += 1) value = Math.imul(value ^ word.charCodeAt(at), 16_777_619) >>> 0
  return value
}
