/** Text as PostgreSQL stores it: NUL and half a surrogate pair, which it refuses, become U+FFFD each, so that code point offsets stay true. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** A value as JSON that `jsonb` takes: as {@link storableText}, in every text inside it and in the names of its fields. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replace(unstorable, (written) => (written === '\\\\' ? written : '\\ufffd'))
}

/** What `JSON.stringify` writes for NUL and half a pair; an escaped backslash is matched too, so that what follows it is not taken for an escape. */
const unstorable = /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g
