/** The value of a JSON text; undefined for text that is not JSON. */
export function jsonOrNothing(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}
