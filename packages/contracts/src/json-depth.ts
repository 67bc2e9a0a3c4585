/** Deeper than any tool schema seen in practice, and far from where recursive code overflows. */
export const jsonDepthMax = 128

const quote = 0x22
const backslash = 0x5c

/** Whether JSON text nests objects and arrays deeper than `max`; looks at bytes only, before anything is parsed. */
export function isTooDeep(json: Uint8Array, max = jsonDepthMax): boolean {
  let depth = 0
  let isInString = false
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index]
    if (isInString) {
      if (byte === backslash) index += 1
      else if (byte === quote) isInString = false
    } else if (byte === quote) {
      isInString = true
    } else if (byte === 0x7b || byte === 0x5b) {
      depth += 1
      if (depth > max) return true
    } else if (byte === 0x7d || byte === 0x5d) {
      depth -= 1
    }
  }
  return false
}
