const labelCharsMax = 512

/**
 * A file's name as it is kept: a label shown to people, by which nothing is ever opened. Paths stay (they tell one README from the
 * other); control characters and leading slashes go.
 */
export function fileLabel(filename: string): string {
  const label = filename
    .replace(/\p{Cc}/gu, '')
    .replace(/^[/\\]+/, '')
    .trim()
  return label === '' ? 'unnamed' : label.slice(0, labelCharsMax)
}
