/** Replaces what PostgreSQL refuses in a text, NUL and halves of surrogate pairs, by one U+FFFD each, so that offsets in code points stay the same. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD')
}

/** A value as JSON that `jsonb` takes: {@link storableText} of every text and every field name in it. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value).replace(unstorable, (written) => (written === '\\\\' ? written : '\\ufffd'))
}

/** What `JSON.stringify` writes for NUL and half a pair. An escaped backslash is matched too, so that what follows it is not taken for an escape. */
const unstorable = /\\(?:\\|u0000|ud[89a-f][0-9a-f]{2})/g
